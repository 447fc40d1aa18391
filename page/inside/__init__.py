"""The view of the network's layers, which the static page has, too."""
