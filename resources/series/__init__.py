"""The database side of meters and prices: writer, rollups, undo, reader, queue of imports, register of meters."""
