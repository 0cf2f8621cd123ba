"""What is true about meter and price series: frames, quality codes, calendar, ids, validation. Pure."""
