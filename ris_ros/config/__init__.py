"""Every setting and its default, one model a file, read strictly: an unknown key is refused by name."""
