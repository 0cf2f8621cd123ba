"""Search and cited answers, their receipts, and the vectors behind them."""
