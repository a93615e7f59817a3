"""Readers of published data sets, each in the layout and the formats that its own project hands out.

Sets of sentences (RefCOCO and its kin, RIS-CQ, Talk2Car) give images whose ``sayings`` carry the masks and whose class
map is void, for nobody labelled the rest. Sets of labels (Cityscapes, COCO panoptic, nuImages) give class and instance
maps in the street classes of this package, for the grammar to speak about. Pictures keep their size.
"""
