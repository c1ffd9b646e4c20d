"""Networks, data and studies that several test files share."""
