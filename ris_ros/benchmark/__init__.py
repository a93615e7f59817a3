"""How fast the package is on a machine, how that grows and how it compares: what ``ris bench`` measures without ROS."""
