"""Facts in, judgements out: no clock, no input or output, no framework. Time is always an argument."""
