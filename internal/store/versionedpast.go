package store

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// The rows of a versioned store, by the first byte of their keys.
const (
	latestRows byte = iota // key: of the latest version, with its timestamp
	pastRows               // length of the key, key, timestamp: of another version, with the time at which it ends
	dueRows                // bucket, key of one of the other rows: when that may go; only in the DB
)

// past is what of a versioned store does not depend on its types.
type past struct {
	*core
	*lifetime
	// fresh are the timestamps of the rows of pastRows that were put since the last commit, ascending, by key: a search for a
	// version must not sort the whole overlay.
	fresh map[string][]int64
	typed func(e *entry) versionKind // of a row that is decoded
	due   int64                      // rows that were due before this bucket go with the commit under way
	heads []byte
}

func newPast(s *core, l *lifetime, kind func(e *entry) versionKind) *past {
	p := &past{core: s, lifetime: l, typed: kind, fresh: map[string][]int64{}}
	s.onPut, s.expire, s.forget = p.mark, p.swept, p.drop
	return p
}

// kind tells whether a row is a delete, without decoding its value.
func (p *past) kind(e *entry) (versionKind, error) {
	switch {
	case !e.has:
		return deleted, nil
	case !e.enc:
		return p.typed(e), nil
	case len(e.row) < 9:
		return deleted, p.badRow(e, "row", errVersion)
	}
	return versionKind(e.row[8]), nil
}

// head is the key of a key's past up to the timestamp, given the entry of its latest version.
func (p *past) head(latest *entry) []byte {
	k := latest.key[len(p.prefix)+1:]
	b := append(append(p.heads[:0], p.prefix...), pastRows)
	p.heads = append(binary.AppendUvarint(b, uint64(len(k))), k...)
	return p.heads
}

// since is when a version of the past began.
func (p *past) since(e *entry) int64 { return e.StartOf() }

// at is the row of a version of the past, which is about to be put.
func (p *past) at(latest *entry, ts int64) (*entry, error) {
	head := p.head(latest)
	list := p.fresh[string(head)]
	if i, found := slices.BinarySearch(list, ts); !found {
		p.fresh[string(head)] = slices.Insert(list, i, ts)
	}
	return p.get(binary.BigEndian.AppendUint64(head, uint64(ts)))
}

// between is the row of a version that is put before the latest one, and when it ends.
func (p *past) between(latest *entry, ts int64) (*entry, int64, error) {
	end := latest.ts
	next, err := p.near(latest, ts+1, latest.ts, false)
	if err != nil {
		return nil, 0, err
	}
	if next != nil {
		end = p.since(next)
	}
	e, err := p.at(latest, ts)
	return e, end, err
}

// before is the last version of the past that began at a time or before; nil if there is none.
func (p *past) before(latest *entry, at int64) (*entry, error) { return p.near(latest, 0, at+1, true) }

// near is the first version of the past that began in lo <= t < hi, or the last one.
func (p *past) near(latest *entry, lo, hi int64, backward bool) (*entry, error) {
	head := slices.Clone(p.head(latest))
	list := p.fresh[string(head)]
	i, _ := slices.BinarySearch(list, lo)
	j, _ := slices.BinarySearch(list, hi)
	list = list[min(i, j):j]
	key := func(ts int64) []byte { return binary.BigEndian.AppendUint64(slices.Clip(head), uint64(ts)) }
	it, err := p.d.Iter(key(lo), key(max(lo, hi)))
	if err != nil {
		return nil, p.failed(err)
	}
	defer it.Close()
	step := it.Next
	if backward {
		step = it.Prev
		list = slices.Clone(list)
		slices.Reverse(list)
	}
	more := step()
	for more || len(list) > 0 {
		var ts int64
		stored := false
		if more {
			if len(it.Key()) != len(head)+8 {
				return nil, p.damaged(fmt.Errorf("key %q is none of a version", it.Key()))
			}
			ts = int64(binary.BigEndian.Uint64(it.Key()[len(head):]))
			stored = len(list) == 0 || (ts <= list[0]) != backward || ts == list[0]
		}
		if stored {
			if len(list) > 0 && ts == list[0] {
				list = list[1:]
			}
			more = step()
		} else {
			ts, list = list[0], list[1:]
		}
		if e, err := p.get(key(ts)); err != nil || e.has {
			return e, err
		}
	}
	if err := it.Err(); err != nil {
		return nil, p.failed(err)
	}
	return nil, nil
}
