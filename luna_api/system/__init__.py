"""What is public: build, liveness, help, the docs and the page itself."""
