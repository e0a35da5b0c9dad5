"""The keyboard: 88 keys, wheels and pedal, played by mouse, touch and the computer keyboard."""
