package pebbledb

// SmallManifests is o with a manifest that is written anew every few flushes.
func SmallManifests(o Options) Options {
	o.manifestBytes = 1 << 10
	return o
}
