package task

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"github.com/millrace-go/millrace/internal/graph"
)

// identity gives requests their ids. Its numbers are rolled back with everything else.
type identity struct {
	ctx     *graph.Context
	place   int64 // where the last request came from
	nth     int64 // of the requests from there
	unasked int64 // requests that no record asked for
}

func newIdentity(ctx *graph.Context, name string) *identity {
	x := &identity{ctx: ctx}
	ctx.Var("task/"+name+"/place", &x.place)
	ctx.Var("task/"+name+"/nth", &x.nth)
	ctx.Var("task/"+name+"/unasked", &x.unasked)
	return x
}

// next is the id of a request: a hash of its key, by which a null finds what is pending under it, and one of where the
// record came from and of all that a worker sees of it.
//
// A record that is processed again, after an abort or a restart, asks under the same id: a result that is on its way
// counts. That the content is part of the id keeps this true where a replay is not exact: under at-least-once, records of
// two topics may come in another order, and a result must never be taken for another request's. The requests of one
// record are told apart by their count, those that time asked for and no record by the time and a count of their own.
func (x *identity) next(key, body []byte) string {
	h := sha256.New()
	part(h, []byte(x.ctx.Topic))
	at := x.ctx.Offset
	if x.ctx.Topic == "" {
		at = x.ctx.WallTime
	}
	part(h, binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, uint32(x.ctx.Partition)), uint64(at)))
	place := int64(binary.BigEndian.Uint64(h.Sum(nil)))
	switch {
	case x.ctx.Topic == "":
		x.unasked++
		x.place, x.nth = place, x.unasked
	case place == x.place:
		x.nth++
	default:
		x.place, x.nth = place, 0
	}
	part(h, binary.BigEndian.AppendUint64(nil, uint64(x.nth)))
	part(h, key)
	part(h, body)
	return prefixOf(key) + hex.EncodeToString(h.Sum(nil)[:16])
}

// prefixOf is how the ids of a key's requests begin.
func prefixOf(key []byte) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:4]) + "-"
}

// part adds a part with its length, so that parts cannot run into each other.
func part(h hash.Hash, b []byte) {
	n := uint64(len(b))
	if b == nil {
		n = ^uint64(0)
	}
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, n)) // a hash never fails
	_, _ = h.Write(b)
}
