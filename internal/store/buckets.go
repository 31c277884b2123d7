package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/millrace-go/millrace/internal/db"
)

// buckets are the expiry index of a session store: the bucket of a row's latest end, then the row's key. A row is found
// under its bucket, and where it moved on, the old place is only swept later.
type buckets struct {
	*core
	*lifetime
	index []byte // its prefix
	kb    []byte
}

// newBuckets makes the store keep the index, and sweep by it.
func newBuckets(s *core, l *lifetime, index []byte) {
	x := &buckets{core: s, lifetime: l, index: index}
	s.onPut, s.expire = x.mark, x.sweep
}

// mark keeps the index. A row that expired before it was committed does not get into the DB: no sweep would find it.
func (x *buckets) mark(e *entry, b db.Batch) error {
	if e.ts >= 0 && e.ts/x.interval < x.swept() {
		return b.Delete([]byte(e.key))
	}
	if e.dbTS >= 0 && e.dbTS/x.interval == e.ts/x.interval {
		return nil
	}
	x.kb = append(x.bucket(x.kb[:0], e.ts/x.interval), e.key[len(x.prefix):]...)
	return b.Set(x.kb, nil)
}

func (x *buckets) bucket(dst []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, x.index...), uint64(n))
}

// sweep deletes the rows of buckets that have expired.
func (x *buckets) sweep(b db.Batch) error {
	expired, floor := x.observed-x.retention, x.swept()
	if floor <= x.floor {
		return nil
	}
	lo, hi := x.bucket(nil, 0), x.bucket(nil, floor)
	it, err := x.d.Iter(lo, hi)
	if err != nil {
		return fmt.Errorf("store %s: %w", x.name, err)
	}
	defer it.Close()
	var kb []byte
	for it.Next() {
		kb = append(append(kb[:0], x.prefix...), it.Key()[len(lo):]...)
		ts, err := x.latest(kb)
		if err != nil {
			return err
		}
		if ts <= expired {
			if err := b.Delete(kb); err != nil {
				return err
			}
		}
	}
	x.floor = floor
	return errors.Join(it.Err(), b.DeleteRange(lo, hi))
}

// swept is the first bucket that has not expired whole.
func (x *buckets) swept() int64 { return max(0, x.observed-x.retention) / x.interval }

// latest is the end of a row's last session, in the overlay or the DB.
func (x *buckets) latest(key []byte) (int64, error) {
	for _, m := range [...]map[string]*entry{x.cur, x.prev} {
		if e := m[string(key)]; e != nil {
			return e.ts, nil
		}
	}
	row, ok, err := x.d.Get(key)
	if err != nil || !ok || len(row) < 8 {
		return -1, err
	}
	return int64(binary.BigEndian.Uint64(row)), nil
}
