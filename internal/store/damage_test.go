package store_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/window"
)

// put writes a row behind a store's back.
func put(t *testing.T, d db.DB, key, value string) {
	t.Helper()
	b := d.Batch()
	noError(t, b.Set(append(bytes.Clone(prefix), key...), []byte(value)))
	noError(t, b.Commit())
}

// Bytes that a store did not write are an error that names the store and says what to do.
func TestDamage(t *testing.T) {
	t.Parallel()
	eight := strings.Repeat("\x00", 8)
	all := func(p *part) error {
		var found error
		switch s := p.ts.(type) {
		case *store.KeyValue[int64, *list]:
			for _, err := range store.All(s) {
				found = errors.Join(found, err)
			}
		case *windowStore:
			for _, err := range store.AllWindows(s) {
				found = errors.Join(found, err)
			}
		case *sessionStore:
			for _, err := range store.AllSessions(s) {
				found = errors.Join(found, err)
			}
		}
		return found
	}
	numbers := func(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
		return store.NewKeyValue(c, s, d, prefix, serde.Int64(), lists())
	}
	get := func(p *part) error {
		_, _, _, err := p.ts.(*store.KeyValue[int64, *list]).Get(0)
		return err
	}
	for _, row := range []struct {
		name       string
		make       func(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore
		key, value string
		read       func(p *part) error
	}{
		{"a row without a timestamp", numbers, eight, "1234567", get},
		{"a row without a timestamp, in a scan", numbers, eight, "", all},
		{"a value that does not decode", numbers, eight, eight + "\xc1", get},
		{"a value that does not decode, in a scan", numbers, eight, eight + "\xc1", all},
		{"a key that does not decode", numbers, "abc", eight + "\x80", all},
		{"a window's key without its start", makeWindows, eight + "abc", eight + "\x80", all},
		{"a window's value", makeWindows, eight + "a" + eight, eight + "\xc1", all},
		{"a list of sessions with no length", makeSessions, "\x00a", eight, all},
		{"a list of sessions that is cut", makeSessions, "\x00a", eight + "\x01\x02\x02\x00\x00", all},
		{"a session's value", makeSessions, "\x00a", eight + "\x01\x02\x02\x00\x00\x00\x01\xc1", all},
		{"a session's value that is cut", makeSessions, "\x00a", eight + "\x01\x02\x02\x00\x00\x00\x09\x80", all},
		{"bytes behind a list of sessions", makeSessions, "\x00a", eight + "\x00\x00", all},
		{"more sessions than bytes", makeSessions, "\x00a", eight + "\xff\xff\xff\xff\xff\xff\xff\xff\x7f", all},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			d := disks["memory"](t)
			put(t, d, row.key, row.value)
			p := &part{t: t, spec: &graph.Store{Name: "mine", Retention: 1000}, d: d, make: row.make}
			p.reopen()
			err := row.read(p)
			if err == nil || !strings.HasPrefix(err.Error(), "store mine: ") || !strings.Contains(err.Error(), "delete the task's directory") {
				t.Errorf("got %v, want an error that names store mine and tells to delete its directory", err)
			}
		})
	}
}

// A key or value that its serde refuses is an error that names the store; nothing of it gets in.
func TestRefused(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	bad := failing{refused}
	d := disks["memory"](t)
	c := &graph.Context{}
	keys := store.NewKeyValue[string, string](c, &graph.Store{Name: "mine"}, d, prefix, bad, serde.String())
	values := store.NewKeyValue[string, *string](c, &graph.Store{Name: "mine"}, d, prefix, serde.String(), pointers{refused})
	windows := store.NewWindow[string, string](c, &graph.Store{Name: "mine"}, d, prefix, bad, serde.String())
	sessions := store.NewSession[string, string](c, &graph.Store{Name: "mine"}, d, prefix, bad, serde.String())
	value, err := values.Entry("k")
	noError(t, err)
	x := "x"
	for name, f := range map[string]func() error{
		"key":           func() error { _, err := keys.Entry("k"); return err },
		"range":         func() error { return first(store.Range(keys, "a", "b", false)) },
		"window":        func() error { _, _, err := windows.Entry("k", 1); return err },
		"session":       func() error { _, _, err := sessions.Entry("k"); return err },
		"shared value":  func() error { return values.SetShared(value, &x, 1) },
		"value, logged": func() error { values.Set(value, &x, 1); return values.Log(nil) },
	} {
		if err := f(); !errors.Is(err, refused) || !strings.HasPrefix(err.Error(), "store mine: ") {
			t.Errorf("%s: got %v, want the serde's error with the store's name", name, err)
		}
	}
}

func first(rows func(func(store.Row[string, string], error) bool)) (found error) {
	rows(func(_ store.Row[string, string], err error) bool {
		found = err
		return false
	})
	return found
}

type failing struct{ err error }

func (f failing) Append([]byte, string) ([]byte, error) { return nil, f.err }
func (f failing) Decode([]byte) (string, error)         { return "", f.err }

type pointers struct{ err error }

func (f pointers) Append([]byte, *string) ([]byte, error) { return nil, f.err }
func (f pointers) Decode([]byte) (*string, error)         { return nil, f.err }

// FuzzRows reads rows of any bytes from stores of each kind: they may be refused, but nothing may panic, and what is
// accepted can be read, changed and committed.
func FuzzRows(f *testing.F) {
	f.Add([]byte("\x00a"), []byte("\x00\x00\x00\x00\x00\x00\x00\x05\x01\x02\x02\x00\x00\x00\x01\x80"))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x00a\x00\x00\x00\x00\x00\x00\x00\x01"), []byte("\x00\x00\x00\x00\x00\x00\x00\x05\x80"))
	f.Add([]byte(""), []byte(""))
	f.Fuzz(func(t *testing.T, key, value []byte) {
		for _, make := range []func(*graph.Context, *graph.Store, db.DB) graph.TaskStore{makeLists, makeWindows, makeSessions} {
			d := disks["memory"](t)
			put(t, d, string(key), string(value))
			p := &part{t: t, spec: &graph.Store{Name: "mine", Retention: 1000, EmitOnCommit: true}, d: d, make: make, logged: map[string]bool{}}
			p.reopen()
			switch s := p.ts.(type) {
			case *listStore:
				for r, err := range store.All(s) {
					if err == nil {
						e, err := s.Entry(r.Key)
						noError(t, err)
						noError(t, s.SetShared(e, r.Value, r.Timestamp))
					}
				}
			case *windowStore:
				for r, err := range store.AllWindows(s) {
					if err == nil {
						_, _, err := s.Entry(r.Key, r.Start)
						noError(t, err)
					}
				}
			case *sessionStore:
				for r, err := range store.AllSessions(s) {
					if err != nil {
						continue
					}
					e, spans, err := s.Entry(r.Key)
					noError(t, err)
					s.Touch(e)
					s.Merge(e, spans, nil, store.Span[*list]{Start: 5, End: 5, Value: &list{}}, s.Admit(5))
				}
			}
			p.commit()
		}
	})
}

// FuzzWindowKeys round-trips keys of a window store of windowed keys: the one within the other.
func FuzzWindowKeys(f *testing.F) {
	f.Add("k", int64(0), int64(1), int64(2))
	f.Add("", int64(1)<<62, int64(0), int64(0))
	f.Fuzz(func(t *testing.T, k string, start, end, at int64) {
		if at < 0 {
			at = ^at
		}
		s := store.NewWindow(&graph.Context{}, &graph.Store{Name: "mine", Retention: 1000}, disks["memory"](t), prefix,
			window.KeySerde(serde.String()), serde.Int64())
		want := window.Key[string]{Key: k, Start: start, End: end}
		e, _, err := s.Entry(want, at)
		if err != nil {
			return
		}
		if got, err := s.KeyOf(e); err != nil || got != want || e.StartOf() != at {
			t.Errorf("got %v at %d, %v, want %v at %d", got, e.StartOf(), err, want, at)
		}
	})
}
