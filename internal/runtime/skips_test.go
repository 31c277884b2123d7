package runtime

import (
	"log/slog"
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/graph"
)

// TestSkips: a few drops of each operator are logged in a while, and the next one says how many were not.
func TestSkips(t *testing.T) {
	t.Parallel()
	s := newSkips(slog.New(slog.DiscardHandler))
	a, b := &graph.Node{Name: "a"}, &graph.Node{Name: "b"}
	start := time.Unix(0, 0)
	for i := range 100 {
		if _, ok := s.admit(a, start); ok != (i < skipBurst) {
			t.Errorf("drop %d of one operator: admitted %v", i, ok)
		}
	}
	if silent, ok := s.admit(b, start); !ok || silent != 0 {
		t.Errorf("the first of another: admitted %v, after %d", ok, silent)
	}
	if silent, ok := s.admit(nil, start); !ok || silent != 0 {
		t.Errorf("the first of a source: admitted %v, after %d", ok, silent)
	}
	if _, ok := s.admit(a, start.Add(skipWindow-1)); ok {
		t.Error("admitted too soon")
	}
	if silent, ok := s.admit(a, start.Add(skipWindow)); !ok || silent != 96 {
		t.Errorf("after the window: admitted %v, after %d", ok, silent)
	}
	if silent, ok := s.admit(a, start.Add(skipWindow)); !ok || silent != 0 {
		t.Errorf("the one after it: admitted %v, after %d", ok, silent)
	}
}
