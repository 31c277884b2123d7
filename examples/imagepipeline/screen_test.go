package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScreen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		live bool
		want string
	}{
		{"terminal", true, "one\n" + eraseLine + "1 of 2" + eraseLine + "two\n1 of 2" + eraseLine + "2 of 2\nthree\n"},
		{"file", false, "one\n1 of 2\ntwo\nthree\n"}, // the second status comes too soon
	} {
		var out strings.Builder
		s := &screen{out: &out, live: c.live}
		s.Printf("one")
		s.Status("1 of 2")
		s.Printf("two")
		s.Status("2 of 2")
		s.Done()
		s.Printf("three")
		if diff := cmp.Diff(c.want, out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestStatusFitsTheTerminal(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := &screen{out: &out, live: true}
	s.Status(strings.Repeat("x", 200))
	if diff := cmp.Diff(eraseLine+strings.Repeat("x", narrow), out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
