"""The use cases. Each public function is one use case and one transaction."""
