package pebbledb

import (
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// Cache is what the DBs of a process share: blocks of tables in memory, and open files.
//
// Memtables count against it, one of each DB and in bursts three or four: a cache for n tasks wants n times 8 MiB, and as
// much as the hot blocks take.
type Cache struct {
	blocks *pebble.Cache
	files  *pebble.FileCache
	once   sync.Once
}

// maxOpenFiles bounds the tables that the DBs of a cache hold open. A shard has a goroutine, and two do for some tasks.
const (
	maxOpenFiles = 1000
	fileShards   = 2
)

// NewCache makes a cache of so many bytes.
func NewCache(bytes int64) *Cache {
	return &Cache{blocks: pebble.NewCache(bytes), files: pebble.NewFileCache(fileShards, maxOpenFiles)}
}

// Close gives up the maker's hold; the memory is free once the DBs are closed as well, in either order. It is idempotent.
func (c *Cache) Close() {
	c.once.Do(func() {
		c.files.Unref()
		c.blocks.Unref()
	})
}
