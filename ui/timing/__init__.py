"""See the time: the latency sum, load, block times, underruns and their cure."""
