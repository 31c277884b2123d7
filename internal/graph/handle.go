package graph

import "github.com/millrace-go/millrace/serde"

// Stream is what a typed stream is made of. A nil serde is the stock one, worked out where bytes are needed.
type Stream[K, V any] struct {
	G     *Graph
	Node  *Node
	Key   serde.Serde[K]
	Value serde.Serde[V]
	// Rekeyed says that the key may have changed since the records were last partitioned by it.
	Rekeyed bool
}

// Table is what a typed table is made of.
type Table[K, V any] struct {
	G     *Graph
	Node  *Node
	Key   serde.Serde[K]
	Value serde.Serde[V]
	// View says how to look rows up; calling it materialises the table, or the one it derives from.
	View func() View[K, V]
	// History is how far back a versioned table can be looked up, in milliseconds; nil: the table is not versioned.
	History *int64
}

// View is how to look up the current row of a table.
type View[K, V any] struct {
	Stores []*Store
	Open   func(c *Context) (Lookup[K, V], error)
	// OpenAt is nil for a table that is not versioned.
	OpenAt func(c *Context) (LookupAt[K, V], error)
}

// Lookup returns the row of k and its timestamp. The value must not be changed.
type Lookup[K, V any] func(k K) (v V, ts int64, ok bool, err error)

// LookupAt is [Lookup] of the row as it was at a time.
type LookupAt[K, V any] func(k K, at int64) (v V, ts int64, ok bool, err error)
