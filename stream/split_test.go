package stream_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// A record goes to the first branch that wants it and is asked of no later one; a branch may be used many times.
func TestSplit(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	for _, tc := range []struct {
		name string
		draw func(s *stream.Splitter[string, string], log *[]string)
		want string
		asks string
	}{
		{"with a default", func(s *stream.Splitter[string, string], log *[]string) {
			s.Branch(has("a", log)).To(topic("a"))
			s.Branch(has("b", log)).To(topic("b"))
			s.Default().To(topic("rest"))
		}, "a:a b:b a:ab rest:c", "a?a a?b b?b a?ab a?c b?c"},
		{"without a default", func(s *stream.Splitter[string, string], log *[]string) {
			s.Branch(has("b", log)).To(topic("b"))
		}, "b:b b:ab", "b?a b?b b?ab b?c"},
		{"only a default", func(s *stream.Splitter[string, string], _ *[]string) {
			s.Default().To(topic("rest"))
		}, "rest:a rest:b rest:ab rest:c", ""},
		{"a branch used twice", func(s *stream.Splitter[string, string], log *[]string) {
			a := s.Branch(has("a", log))
			a.To(topic("one"))
			a.MapValues(strings.ToUpper).To(topic("two"))
		}, "one:a two:A one:ab two:AB", "a?a a?b a?ab a?c"},
		{"a branch that is not used", func(s *stream.Splitter[string, string], log *[]string) {
			s.Branch(has("a", log))
			s.Branch(has("b", log)).To(topic("b"))
		}, "b:b", "a?a a?b b?b a?ab a?c b?c"},
		{"a branch that is merged again", func(s *stream.Splitter[string, string], log *[]string) {
			a := s.Branch(has("a", log))
			a.MapValues(strings.ToUpper).Merge(s.Default()).To(topic("all"))
		}, "all:A all:b all:AB all:c", "a?a a?b a?ab a?c"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var log []string
			b := topology.New("split")
			tc.draw(stream.From(b, in).Split(), &log)
			d := testkit.New(t, build(t, b))
			for i, v := range []string{"a", "b", "ab", "c"} {
				d.Input(in).Pipe("k", v, int64(i))
			}
			var got []string
			for _, p := range d.Produced() {
				got = append(got, p.Topic+":"+string(p.Value))
			}
			if diff := cmp.Diff(tc.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.asks, strings.Join(log, " ")); diff != "" {
				t.Errorf("asked: %s", diff)
			}
		})
	}
}

func topic(name string) topology.Topic[string, string] {
	return topology.NewTopic[string, string](name)
}

func has(part string, log *[]string) func(string, string) bool {
	return func(_, v string) bool {
		*log = append(*log, part+"?"+v)
		return strings.Contains(v, part)
	}
}
