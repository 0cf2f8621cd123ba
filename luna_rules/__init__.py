"""What is true about German text, law, citations and ranking.

Pure: no input or output, no clock, no environment, and nothing of ours is imported from outside this package.
"""
