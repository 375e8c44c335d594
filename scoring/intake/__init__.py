"""From a file as people have it to stored records, in named stages."""
