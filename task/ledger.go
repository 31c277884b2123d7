package task

import (
	"encoding/binary"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
)

// ledger is the store of what is pending, with an index of when something is due, in one key space so that one changelog
// does:
//
//	'p' id         -> the request
//	't' time id    -> nothing: the request is due then
//
// INVARIANT: a request that is due some time has exactly one row in the index, at that time; one that never is has none.
type ledger struct {
	kv *store.KeyValue[[]byte, []byte]
	// next is at or before the earliest due time, so that looks before it cost nothing. It is rolled back with the rows, and
	// good only while sure is born: a task that starts may find rows that are newer than the committed next (under
	// at-least-once), so it looks once.
	next, sure, born int64
}

func newLedger(ctx *graph.Context, name string, kv *store.KeyValue[[]byte, []byte]) *ledger {
	l := &ledger{kv: kv, born: ctx.WallTime}
	ctx.Var("task/"+name+"/next", &l.next)
	ctx.Var("task/"+name+"/sure", &l.sure)
	return l
}

func requestKey(id string) []byte { return append([]byte{'p'}, id...) }

func dueKey(at int64, id string) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{'t'}, uint64(max(0, at))), id...)
}

// dueKeyTime is how long the part of a dueKey before the id is.
const dueKeyTime = 1 + 8

// get returns a copy of the request's row, nil if there is none.
func (l *ledger) get(id string) (*pending, error) {
	row, _, ok, err := l.kv.Get(requestKey(id))
	if err != nil || !ok {
		return nil, err
	}
	return decodePending(row)
}

// put writes the request, to be due at a new time; p.due is that of the row before, or 0.
func (l *ledger) put(id string, p *pending, due int64) error {
	if p.due != due {
		if err := l.unindex(id, p); err != nil {
			return err
		}
		if due != never {
			if err := l.set(dueKey(due, id), []byte{1}, p.time); err != nil {
				return err
			}
		}
		p.due = due
	}
	l.next = min(l.next, due)
	return l.set(requestKey(id), p.encode(), p.time)
}

func (l *ledger) remove(id string, p *pending) error {
	if err := l.unindex(id, p); err != nil {
		return err
	}
	return l.del(requestKey(id), p.time)
}

func (l *ledger) unindex(id string, p *pending) error {
	if p.due == 0 || p.due == never {
		return nil
	}
	return l.del(dueKey(p.due, id), p.time)
}

func (l *ledger) set(key, row []byte, ts int64) error {
	e, err := l.kv.Entry(key)
	if err != nil {
		return err
	}
	l.kv.Set(e, row, ts)
	return nil
}

func (l *ledger) del(key []byte, ts int64) error {
	e, err := l.kv.Entry(key)
	if err != nil || !e.Has() {
		return err
	}
	l.kv.Remove(e, ts)
	return nil
}

// due gives the ids of what is due, the earliest first, at most so many.
func (l *ledger) due(now int64, limit int) ([]string, error) {
	from := l.next
	if l.sure != l.born || l.born == 0 {
		from, l.sure = 0, l.born
	}
	if from > now {
		return nil, nil
	}
	var ids []string
	l.next = never
	for r, err := range store.Range(l.kv, dueKey(from, ""), []byte{'t' + 1}, false) {
		if err != nil {
			return nil, err
		}
		at := int64(binary.BigEndian.Uint64(r.Key[1:]))
		if at > now || len(ids) == limit {
			l.next = at
			break
		}
		ids = append(ids, string(r.Key[dueKeyTime:]))
	}
	return ids, nil
}

// under gives the ids that begin with prefix.
func (l *ledger) under(prefix string) ([]string, error) {
	var ids []string
	for r, err := range store.Prefix(l.kv, requestKey(prefix)) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, string(r.Key[1:]))
	}
	return ids, nil
}
