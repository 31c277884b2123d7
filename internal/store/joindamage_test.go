package store_test

import (
	"strings"
	"testing"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
)

// Rows of a join's stores that they did not write are told of as damage, with what to do; they are no record's fault.
func TestDamagedJoins(t *testing.T) {
	t.Parallel()
	none := func(int64, []byte) error { return nil }
	all := func(bool, int64, []byte, []byte) error { return nil }
	side := "\x00\x07\x01"
	for _, tc := range []struct {
		name, key, row, want string
		make                 func(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore
		read                 func(s graph.TaskStore) error
	}{
		{
			"a short row in a buffer", "\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00\x01k\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x09", "short",
			"fewer than its timestamp", makeJoinBuffer, func(s graph.TaskStore) error {
				b := s.(*store.JoinBuffer)
				b.Put([]byte("k"), []byte("v"), 10)
				return b.Each([]byte("k"), 0, 10, none)
			},
		},
		{"a short key of what waits", side + "12", "12345678", "too short for a time", makeUnmatched, func(s graph.TaskStore) error {
			return s.(*store.Unmatched).Close([2]int64{}, all)
		}},
		{"a short row of what waits", side + "\x00\x00\x00\x00\x00\x00\x00\x05k", "short", "fewer than its timestamp", makeUnmatched, func(s graph.TaskStore) error {
			return s.(*store.Unmatched).Close([2]int64{}, all)
		}},
		{"a list that ends too soon", side + "\x00\x00\x00\x00\x00\x00\x00\x05k", "\x00\x00\x00\x00\x00\x00\x00\x05\x09abc", "damaged list of values", makeUnmatched, func(s graph.TaskStore) error {
			u := s.(*store.Unmatched)
			u.Advance(6)
			return u.Close([2]int64{}, all)
		}},
	} {
		p := newPart(t, &graph.Store{Name: "damaged", Retention: joinRetention}, memdb.New(), tc.make)
		b := p.d.Batch()
		noError(t, b.Set([]byte(tc.key), []byte(tc.row)))
		noError(t, b.Commit())
		err := tc.read(p.ts)
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "delete the task's directory") || p.ctx.Fault == nil {
			t.Errorf("%s: %v, fault %v", tc.name, err, p.ctx.Fault)
		}
	}
}
