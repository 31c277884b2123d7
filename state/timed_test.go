package state_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

type (
	spec      = interface{ Graph() *graph.Store }
	processor = *stream.Context[string, string]
)

// processed runs f on one record, in a topology with the stores of specs, and returns what is dropped.
func processed(t *testing.T, f func(c processor) (func() error, error), specs ...spec) int64 {
	t.Helper()
	b := topology.New("processed")
	stream.From(b, commands).Process(func(c processor) (func(stream.Record[string, string]) error, error) {
		do, err := f(c)
		return func(stream.Record[string, string]) error { return do() }, err
	}, topology.WithStores(specs...))
	d := testkit.New(t, topology.Must(b.Build()))
	d.Input(commands).Pipe("k", "", 0)
	return d.Dropped()
}

// A value that was put is the store's: what the caller does to it afterwards does not reach it.
func TestTimedStoresDoNotShare(t *testing.T) {
	t.Parallel()
	wins := state.Window[string, *int64]("windows", time.Hour)
	dups := state.WindowDuplicates[string, *int64]("duplicates", time.Hour)
	sess := state.Session[string, *int64]("sessions", time.Hour)
	vers := state.Versioned[string, *int64]("versions", time.Hour)
	lru := state.LRU[string, *int64]("lru", 3)
	processed(t, func(c processor) (func() error, error) {
		w, err1 := wins.Open(c)
		d, err2 := dups.Open(c)
		s, err3 := sess.Open(c)
		v, err4 := vers.Open(c)
		l, err5 := lru.Open(c)
		for _, err := range []error{err1, err2, err3, err4, err5} {
			if err != nil {
				return nil, err
			}
		}
		return func() error {
			n := new(int64(7))
			_, err := v.Put("k", n, 1)
			for _, err := range []error{err, w.Put("k", 1, n), d.Add("k", 1, n), s.Put("k", 1, 1, n), l.Put("k", n)} {
				if err != nil {
					return err
				}
			}
			*n = 8
			got := map[string]*int64{}
			got["window"], _, _ = w.Get("k", 1)
			got["session"], _, _ = s.Get("k", 1, 1)
			got["lru"], _, _ = l.Get("k")
			version, _, _ := v.Get("k")
			got["version"] = version.Value
			for r, err := range d.Fetch("k", 1, 1) {
				if got["duplicate"] = r.Value; err != nil {
					return err
				}
			}
			for name, x := range got {
				if x == nil || *x != 7 {
					t.Errorf("%s is %v, want 7", name, x)
				}
			}
			return nil
		}, nil
	}, wins, dups, sess, vers, lru)
}

// A nil value deletes, and so do the methods that say so; what is not there is no error.
func TestTimedStoresDelete(t *testing.T) {
	t.Parallel()
	wins := state.Window[string, *int64]("windows", time.Hour)
	dups := state.WindowDuplicates[string, *int64]("duplicates", time.Hour)
	sess := state.Session[string, *int64]("sessions", time.Hour)
	vers := state.Versioned[string, *int64]("versions", time.Hour)
	lru := state.LRU[string, *int64]("lru", 3)
	processed(t, func(c processor) (func() error, error) {
		w, _ := wins.Open(c)
		d, _ := dups.Open(c)
		s, _ := sess.Open(c)
		v, _ := vers.Open(c)
		l, _ := lru.Open(c)
		return func() error {
			for i, remove := range []func() error{
				func() error { return w.Put("k", 1, nil) },
				func() error { return w.Delete("k", 1) },
				func() error { return s.Put("k", 1, 2, nil) },
				func() error { return s.Remove("k", 1, 2) },
				func() error { _, err := v.Put("k", nil, 1); return err },
				func() error { _, err := v.Delete("k", 1); return err },
				func() error { return l.Put("k", nil) },
				func() error { return l.Delete("k") },
				func() error { return d.Add("k", 1, nil) },
			} {
				if err := remove(); err != nil {
					return fmt.Errorf("of nothing, %d: %w", i, err)
				}
				_, err := v.Put("k", new(int64(1)), 1)
				for _, err := range []error{err, w.Put("k", 1, new(int64(1))), s.Put("k", 1, 2, new(int64(1))), l.Put("k", new(int64(1)))} {
					if err != nil {
						return err
					}
				}
				if err := remove(); err != nil {
					return err
				}
				_, inWindow, _ := w.Get("k", 1)
				_, inSession, _ := s.Get("k", 1, 2)
				_, version, _ := v.Get("k")
				_, recent, _ := l.Get("k")
				n, _ := l.Len()
				got := fmt.Sprint(inWindow, inSession, version, recent, n)
				want := []string{"false true true true 1", "true false true true 1", "true true false true 1", "true true true false 0", "true true true true 1"}[i/2]
				if got != want {
					t.Errorf("after removal %d there is %s, want %s", i, got, want)
				}
			}
			for r, err := range d.FetchRange(state.Keys[string]{}, 0, 10) {
				t.Errorf("a nil was added: %v, %v", r, err)
			}
			return nil
		}, nil
	}, wins, dups, sess, vers, lru)
}

// What is too old is dropped and counted; times that there are not are errors.
func TestTimedStoresRefuse(t *testing.T) {
	t.Parallel()
	wins := state.Window[string, int64]("windows", time.Second, topology.InMemory())
	dups := state.WindowDuplicates[string, int64]("duplicates", time.Second, topology.InMemory())
	sess := state.Session[string, int64]("sessions", time.Second, topology.InMemory())
	vers := state.Versioned[string, int64]("versions", time.Second)
	dropped := processed(t, func(c processor) (func() error, error) {
		w, _ := wins.Open(c)
		d, _ := dups.Open(c)
		s, _ := sess.Open(c)
		v, _ := vers.Open(c)
		return func() error {
			for _, at := range []int64{5000, 4000} { // the second has just expired
				validTo, err := v.Put("k", 1, at-1+at/5000)
				if want := map[int64]int64{5000: state.Latest, 4000: state.NotPut}[at]; validTo != want {
					t.Errorf("a version at %d is valid to %d, want %d", at, validTo, want)
				}
				for _, err := range []error{err, w.Put("k", at, at), d.Add("k", at, at), s.Put("k", at, at, at)} {
					if err != nil {
						return err
					}
				}
			}
			if _, ok, err := w.Get("k", 4000); ok || err != nil {
				t.Errorf("an expired window is there: %v, %v", ok, err)
			}
			_, negative := v.Put("k", 1, -1)
			for _, err := range []error{negative, w.Put("k", -1, 1), d.Add("k", -1, 1), s.Put("k", -1, 1, 1), s.Put("k", 2, 1, 1)} {
				if err == nil || !strings.Contains(err.Error(), "1970") {
					t.Errorf("a time before 1970, or an end before its start: %v", err)
				}
			}
			return nil
		}, nil
	}, wins, dups, sess, vers)
	if dropped != 4 {
		t.Errorf("%d dropped, want one by each store", dropped)
	}
}

// A loop over rows sees them as they were when it began.
func TestTimedStoresInALoop(t *testing.T) {
	t.Parallel()
	wins := state.Window[string, int64]("windows", time.Hour)
	sess := state.Session[string, int64]("sessions", time.Hour, topology.InMemory())
	processed(t, func(c processor) (func() error, error) {
		w, _ := wins.Open(c)
		s, _ := sess.Open(c)
		return func() error {
			for at := range int64(3) {
				if err := w.Put("k", at, at); err != nil {
					return err
				}
				if err := s.Put("k", at, at, at); err != nil {
					return err
				}
			}
			var got []int64
			for r, err := range w.FetchRange(state.Between("a", "z"), 0, 9) {
				if err != nil {
					return err
				}
				if got = append(got, r.Value); w.Delete("k", 2-r.Start) != nil || w.Put("k", 5, 5) != nil {
					t.Error("a loop cannot write")
				}
			}
			for r, err := range s.FindBackward("k", 0, 9) {
				if err != nil {
					return err
				}
				if got = append(got, r.Value); s.Remove("k", 0, 0) != nil || s.Put("k", 5, 5, 5) != nil {
					t.Error("a loop cannot write")
				}
			}
			if diff := cmp.Diff([]int64{0, 1, 2, 2, 1, 0}, got); diff != "" {
				t.Error(diff)
			}
			return nil
		}, nil
	}, wins, sess)
}

func TestDescriptionsRefused(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]spec{
		"state.Window: a retention of 0s":                        state.Window[string, int64]("s", 0),
		"state.WindowDuplicates: a retention of 1.5ms":           state.WindowDuplicates[string, int64]("s", 1500*time.Microsecond),
		"state.Session: a retention of -1s":                      state.Session[string, int64]("s", -time.Second),
		"state.Versioned: a history of -1s":                      state.Versioned[string, int64]("s", -time.Second),
		"state.LRU: a limit of 0 rows":                           state.LRU[string, int64]("s", 0),
		"state.KeyValue: a store without a name":                 state.KeyValue[string, int64](""),
		"state.Window: no value serde":                           state.Window[string, func()]("s", time.Hour),
		"state.Session: the key serde given is a":                state.Session[string, int64]("s", time.Hour, topology.WithKeySerde(serde.Int64())),
		"state.KeyValue: it keeps no versions":                   state.KeyValue[string, int64]("s", topology.Versioned(time.Hour)),
		"state.Window: a retention of 1s is shorter than the wi": state.Window[string, int64]("s", time.Hour, topology.Retention(time.Second)),
	} {
		b := topology.New("refused")
		stream.From(b, commands).Process(func(c processor) (func(stream.Record[string, string]) error, error) { return nil, nil }, topology.WithStores(s))
		if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Build = %v, want an error with %q", err, want)
		}
	}
}
