"""What leaves the app other than as a page: CSV downloads and the JSON API, answered by the host on the event loop."""
