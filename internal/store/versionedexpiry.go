package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/millrace-go/millrace/internal/db"
)

// Log drops what has expired and writes the dirty rows, puts first: see graph.TaskStore. What expired is deleted from the
// changelog, too: that cannot be left to its retention, for the latest versions live as long as they are the latest.
func (s *Versioned[K, V]) Log(write func(key, value []byte, ts int64) error) error {
	if err := s.past.sweep(); err != nil {
		return err
	}
	return s.rows.Log(write)
}

// expired reports whether a row can be seen no more and changes nothing: its time is when a version of the past ended, or when
// a key was deleted.
func (p *past) expired(e *entry) (bool, error) {
	if !e.has || e.ts > p.observed-p.retention {
		return false, nil
	}
	if e.key[len(p.prefix)] == pastRows {
		return true, nil
	}
	is, err := p.kind(e)
	return !is.there(), err
}

// sweep deletes the rows that have expired: those that wait for the commit, and those in the DB whose bucket is over.
func (p *past) sweep() error {
	for _, e := range p.dirty {
		if err := p.dropExpired(e); err != nil {
			return err
		}
	}
	p.due = max(0, p.observed-p.retention) / p.interval
	if p.due <= p.floor {
		return nil
	}
	lo := p.bucket(0)
	it, err := p.d.Iter(lo, p.bucket(p.due))
	if err != nil {
		return p.failed(err)
	}
	defer it.Close()
	for it.Next() {
		row := it.Key()[len(lo):]
		if len(row) == 0 || row[0] >= dueRows {
			return p.damaged(fmt.Errorf("key %q names no row that may expire", it.Key()))
		}
		e, err := p.get(append(append([]byte(nil), p.prefix...), row...))
		if err != nil {
			return err
		}
		if err := p.dropExpired(e); err != nil {
			return err
		}
	}
	if err := it.Err(); err != nil {
		return p.failed(err)
	}
	return nil
}

func (p *past) dropExpired(e *entry) error {
	gone, err := p.expired(e)
	if gone {
		p.del(e, e.ts)
	}
	return err
}

// bucket is the key of the rows that are due in the n-th interval.
func (p *past) bucket(n int64) []byte {
	return binary.BigEndian.AppendUint64(append(append([]byte(nil), p.prefix...), dueRows), uint64(n))
}

// mark notes when a row that is put into the DB is due. Latest versions are only due if they are deletes.
func (p *past) mark(e *entry, b db.Batch) error {
	if len(e.key) <= len(p.prefix) || len(e.row) < 9 {
		return p.damaged(fmt.Errorf("the row of key %q is none of a version", e.key))
	}
	switch e.key[len(p.prefix)] {
	case latestRows:
		if versionKind(e.row[8]).there() {
			return nil
		}
	case pastRows:
		if e.dbTS >= 0 && e.dbTS/p.interval == e.ts/p.interval {
			return nil
		}
	default:
		return p.damaged(errors.New("a row of neither the latest versions nor the past"))
	}
	return b.Set(append(p.bucket(e.ts/p.interval), e.key[len(p.prefix):]...), nil)
}

// swept ends a commit.
func (p *past) swept(b db.Batch) error {
	clear(p.fresh)
	if p.due <= p.floor {
		return nil
	}
	p.floor = p.due
	return b.DeleteRange(p.bucket(0), p.bucket(p.floor))
}

// drop forgets what an abort undoes.
func (p *past) drop() {
	clear(p.fresh)
	p.due = p.floor
}
