"""The Litestar API: reads and answers; writes only what people do. Each domain folder holds controller, service, schemas."""
