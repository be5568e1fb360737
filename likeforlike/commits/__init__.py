"""What a commit did to each cell: ``likeforlike ab`` and ``likeforlike bisect``."""
