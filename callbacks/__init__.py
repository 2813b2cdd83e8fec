"""Fetch, render, return: what the pages ask the server for."""
