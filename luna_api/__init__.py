"""The Litestar API: reads and answers, writes only what people do; a domain has controller, service and schemas."""
