package testkit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

type site struct {
	Well   string
	Stains []string
	note   string
}

var (
	sites = topology.NewTopic[string, site]("sites")
	notes = topology.NewTopic[string, string]("notes")
)

// The second run finds what is right only as long as nothing passes through a serde.
func TestSecondRun(t *testing.T) {
	t.Parallel()
	calls := 0
	for _, tc := range []struct {
		name string
		draw func(s *stream.Stream[string, site])
		want string
	}{
		{"nothing to find", func(s *stream.Stream[string, site]) { s.To(sites2) }, ""},
		{"a value that a later operator changes", func(s *stream.Stream[string, site]) {
			s.Peek(func(_ string, v site) { v.Stains[0] = "changed" }, topology.As("spoil")).To(sites2)
		}, `testkit: with serde round trips, step 1 (pipe into sites: key "A01", value ` +
			`"\x82\xa4Well\xa3A01\xa6Stains\x92\xa7Hoechst\xa4SYTO", at 0): topic sites, partition 0, offset 0: ` +
			"sites.source (secondrun_test.go:N): a value was changed after it was forwarded: callbacks but an aggregator's must copy before they change" +
			"\n(testkit.SkipErrors drops and counts such records)"},
		{"a field that the serde loses", func(s *stream.Stream[string, site]) {
			s.MapValues(func(v site) site { v.note = "out of focus"; return v }, topology.As("annotate")).
				MapValues(func(v site) string { return v.note }).To(notes)
		}, `testkit: with serde round trips, step 1 (pipe into sites: key "A01", value ` +
			`"\x82\xa4Well\xa3A01\xa6Stains\x92\xa7Hoechst\xa4SYTO", at 0): topic sites, partition 0, offset 0: ` +
			"annotate (secondrun_test.go:N): the serde loses testkit_test.site.note: export the field, or write a serde that keeps it" +
			"\n(testkit.SkipErrors drops and counts such records)"},
		{"a callback that is not pure", func(s *stream.Stream[string, site]) {
			s.MapValues(func(site) string { calls++; return fmt.Sprint("call ", calls) }).To(notes)
		}, "testkit: the outputs differ when values pass through their serdes at every step: a callback is not pure (then say testkit.Once), " +
			"a value is changed after it was forwarded, or a serde loses something (-without +with):\n" +
			"  []string{\n" +
			"- \t`notes[0] \"A01\" -> \"call 1\" at 0`,\n" +
			"+ \t`notes[0] \"A01\" -> \"call 2\" at 0`,\n" +
			"  }\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := topology.New("second")
			tc.draw(stream.From(b, sites))
			topo := build(t, b)
			got := fails(t, func(t testkit.TB) {
				testkit.New(t, topo).Input(sites).Pipe("A01", site{"A01", []string{"Hoechst", "SYTO"}, ""}, 0)
			})
			if diff := cmp.Diff(tc.want, strings.ReplaceAll(got, "\u00a0", " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

var sites2 = topology.NewTopic[string, site]("copied_sites")

// Once, and a test that has failed already, call callbacks once.
func TestOneRun(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		opts []testkit.Option
		bad  bool
		want int
	}{
		{"two runs", nil, false, 2},
		{"once", []testkit.Option{testkit.Once()}, false, 1},
		{"failed", nil, true, 1},
	} {
		calls := 0
		b := topology.New("calls")
		stream.From(b, images).ForEach(func(string, int64) { calls++ })
		topo := build(t, b)
		text := fails(t, func(t testkit.TB) {
			d := testkit.New(t, topo, tc.opts...)
			d.Input(images).Pipe("A01", 1, 0)
			if tc.bad {
				d.PipeBytes("images", nil, []byte("short"), 1)
			}
		})
		if calls != tc.want || (text != "") != tc.bad {
			t.Errorf("%s: %d calls, want %d; failed with %q", tc.name, calls, tc.want, text)
		}
	}
}

func TestDrivePanics(t *testing.T) {
	t.Parallel()
	text := func(f func()) (text string) {
		defer func() { text = place.ReplaceAllString(fmt.Sprint(recover()), "_test.go:N") }()
		f()
		return "no panic"
	}
	for _, tc := range []struct {
		name string
		do   func()
		want string
	}{
		{"build", func() { testkit.Drive(topology.New("empty")) }, `testkit: topology.New: topology: "empty" has no operators: start with stream.From or table.From`},
		{"a step", func() {
			b := topology.New("b")
			stream.From(b, images).To(bright)
			testkit.Drive(b).Output(images)
		}, `testkit: the topology does not write topic "images": it writes bright_images`},
	} {
		if diff := cmp.Diff(tc.want, text(tc.do)); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}
