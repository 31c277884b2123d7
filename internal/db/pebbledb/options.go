package pebbledb

import (
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
)

// never is a threshold that is not reached: the gate holds writers up, not Pebble.
const never = 1 << 20

// pebbleOptions are Pebble's options for one task among many: little memory, one compaction at a time, point reads first.
func pebbleOptions(o Options, d *DB) *pebble.Options {
	p := &pebble.Options{
		FS:         disk{FS: o.FS, latch: d.latch, files: &d.files},
		Lock:       d.lock,
		Cache:      d.cache.blocks,
		FileCache:  d.cache.files,
		DisableWAL: true,
		// Named and not FormatNewest, so that a new Pebble does not change files that the last release still reads.
		FormatMajorVersion:          pebble.FormatValueSeparation,
		MemTableSize:                uint64(o.MemTableBytes),
		MemTableStopWritesThreshold: never,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       never,
		LBaseMaxBytes:               64 << 20,
		MaxManifestFileSize:         o.manifestBytes,
		CompactionConcurrencyRange:  func() (lower, upper int) { return d.gate.compactions(), 1 },
		Logger:                      logger{o.Logger, d.latch},
		EventListener:               listener(o.Logger, d),
	}
	// What Pebble would take as reasons for a compaction more than the lower bound.
	p.Experimental.L0CompactionConcurrency, p.Experimental.CompactionDebtConcurrency = never, never<<30
	// A level inherits from the one above. Tables of L0 are rewritten soon, so they are not worth compressing.
	p.Levels[0].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
	p.Levels[1].Compression = func() *sstable.CompressionProfile { return sstable.SnappyCompression }
	// Ten bits a key: one in a hundred reads of a missing key looks at a table for nothing. New keys are what a stream
	// brings, so the last level, whose filters are the largest, has them too.
	p.Levels[0].FilterPolicy = bloom.FilterPolicy(10)
	// A flushed memtable is one table, and one fsync.
	p.TargetFileSizes[0] = 4 << 20
	// Measured with rows of 230 bytes: blocks of 8 KiB are read, scanned and written faster than those of 4 or 16, and an
	// index in one block faster than the two levels that Pebble makes of it beyond the default of 4 KiB.
	p.Levels[0].BlockSize = 8 << 10
	p.Levels[0].IndexBlockSize = 256 << 10
	return p
}
