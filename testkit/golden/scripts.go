package golden

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/testkit/internal/catch"
	"github.com/millrace-go/millrace/topology"
)

// Scripts runs each file that matches the pattern as a test of its own, over drivers of topo, and fails where a command leads
// to something else than the file says. Topics and stores that scripts name must be among parts; a topic that is only written
// may be left out, and is shown as bytes. When a script ends, its inputs run once more through all serdes, as in every test
// of the testkit. A pattern that no file matches fails the test.
func Scripts(t *testing.T, pattern string, topo *topology.Topology, parts ...Part) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatalf("golden: %s: %v", pattern, err)
	}
	if len(paths) == 0 {
		t.Fatalf("golden: no file matches %s: an empty file will do, write a command into it and run the test with -rewrite", pattern)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), func(t *testing.T) {
			t.Parallel()
			s := newScript(topo, parts)
			datadriven.RunTest(t, path, func(t *testing.T, c *datadriven.TestData) string {
				t.Helper()
				return s.command(c)
			})
			if failure := s.end(); failure != "" {
				t.Error(failure)
			}
		})
	}
}

// Part is a topic or a store that scripts may name.
type Part func(*script)

// script is one file on its way.
type script struct {
	topo   *topology.Topology
	topics map[string]topic
	stores map[string]func(*testkit.Driver) []string

	t      *catch.TB
	d      *testkit.Driver // nil before the first command that needs one
	shown  int             // records produced that were printed
	many   bool            // topics have several partitions
	last   int64           // timestamp of the last record piped
	broken bool            // a step failed: the driver is left as it is, and no second run follows
}

func newScript(topo *topology.Topology, parts []Part) *script {
	s := &script{topo: topo, topics: map[string]topic{}, stores: map[string]func(*testkit.Driver) []string{}}
	for _, p := range parts {
		p(s)
	}
	return s
}

// command runs one command and returns what it led to.
func (s *script) command(c *datadriven.TestData) string {
	out, failure := s.attempt(c)
	if failure != "" {
		s.broken = true
		out = append(out, "error: "+unplaced(failure))
	}
	if len(out) == 0 {
		return ""
	}
	return strings.Join(out, "\n") + "\n"
}

func (s *script) attempt(c *datadriven.TestData) (out []string, failure string) {
	if c.Cmd == "new" {
		if failure := s.end(); failure != "" {
			first, _, _ := strings.Cut(failure, "\n") // the difference below it is not printed alike each time
			return nil, first
		}
		return nil, s.start(c.CmdArgs)
	}
	if c.Cmd == "describe" {
		return slices.DeleteFunc(strings.Split(Describe(s.topo), "\n"), func(line string) bool { return line == "" }), ""
	}
	if s.d == nil {
		if failure := s.start(nil); failure != "" {
			return nil, failure
		}
	}
	failure = s.t.Catch(func() { out = s.run(c) })
	return out, failure
}

// run is a command that needs a driver; it fails through the catcher.
func (s *script) run(c *datadriven.TestData) []string {
	switch c.Cmd {
	case "pipe":
		s.pipe(c)
	case "advance":
		by, err := time.ParseDuration(s.operand(c))
		if err != nil {
			s.t.Fatalf("advance: %v", err)
		}
		s.d.Advance(by)
	case "commit":
		s.d.Commit()
	case "interrupt":
		how, after := s.interruption(c), 0
		for _, a := range c.CmdArgs[1:] {
			if a.Key != "after" {
				s.t.Fatalf("interrupt: unknown argument %q", a.Key)
			}
			after = int(s.number(a))
		}
		s.d.Interrupt(how, after)
	case "restart":
		s.d.Restart(s.interruption(c))
	case "store":
		name := s.operand(c)
		read := s.stores[name]
		if read == nil {
			s.t.Fatalf("store %s: the script knows the stores %v: give Scripts this one too", name, slices.Sorted(maps.Keys(s.stores)))
		}
		return read(s.d)
	case "skips":
		var out []string
		for _, skip := range s.d.Skips() {
			out = append(out, unplaced(skip))
		}
		return append(out, fmt.Sprintf("%d dropped", s.d.Dropped()))
	default:
		s.t.Fatalf("unknown command %q: the commands are new, pipe, advance, commit, interrupt, restart, store, skips and describe", c.Cmd)
	}
	return s.produced()
}

func (s *script) interruption(c *datadriven.TestData) testkit.Interruption {
	for _, how := range []testkit.Interruption{testkit.Abort, testkit.Crash, testkit.Loss} {
		if s.operand(c) == how.String() {
			return how
		}
	}
	s.t.Fatalf("%s %s: the interruptions are abort, crash and loss", c.Cmd, s.operand(c))
	return 0
}

// operand is the one thing that a command is about.
func (s *script) operand(c *datadriven.TestData) string {
	if len(c.CmdArgs) == 0 || len(c.CmdArgs[0].Vals) > 0 {
		s.t.Fatalf("%s: say what", c.Cmd)
	}
	return c.CmdArgs[0].Key
}

func (s *script) pipe(c *datadriven.TestData) {
	name := s.operand(c)
	in, ok := s.topics[name]
	if !ok {
		s.t.Fatalf("pipe %s: the script knows the topics %v: give Scripts this one too", name, slices.Sorted(maps.Keys(s.topics)))
	}
	partition := int64(-1)
	for _, a := range c.CmdArgs[1:] {
		if a.Key != "partition" {
			s.t.Fatalf("pipe %s: unknown argument %q", name, a.Key)
		}
		partition = s.number(a)
	}
	for line := range strings.Lines(c.Input) {
		at, err := in.pipe(s.d, strings.TrimSpace(line), int32(partition), s.last)
		if err != nil {
			s.t.Fatalf("pipe %s: %s: %v", name, strings.TrimSpace(line), err)
		}
		s.last = at
	}
}

func (s *script) number(a datadriven.CmdArg) int64 {
	if len(a.Vals) == 1 {
		if n, err := strconv.ParseInt(a.Vals[0], 10, 32); err == nil && n >= 0 {
			return n
		}
	}
	s.t.Fatalf("%s: want a number, as in %s=3", a.String(), a.Key)
	return 0
}

// produced prints the records that came out since the last command.
func (s *script) produced() []string {
	var out []string
	for _, p := range s.d.Produced()[s.shown:] {
		name := p.Topic
		if s.many {
			name = fmt.Sprintf("%s/%d", p.Topic, p.Partition)
		}
		out = append(out, name+": "+s.topics[p.Topic].show(p))
	}
	s.shown += len(out)
	return out
}

// start makes a driver.
func (s *script) start(args []datadriven.CmdArg) string {
	s.t, s.shown, s.many, s.last, s.broken = &catch.TB{}, 0, false, 0, false
	return s.t.Catch(func() {
		var opts []testkit.Option
		for _, a := range args {
			switch a.Key {
			case "partitions":
				n := s.number(a)
				s.many = n > 1
				opts = append(opts, testkit.Partitions(int32(n)))
			case "topic":
				if len(a.Vals) != 2 {
					s.t.Fatalf("new: %s: want a topic and its number of partitions, as in topic=(words, 3)", a.String())
				}
				n := s.number(datadriven.CmdArg{Key: a.Vals[0], Vals: a.Vals[1:]})
				s.many = s.many || n > 1
				opts = append(opts, testkit.TopicPartitions(a.Vals[0], int32(n)))
			case "commit-every":
				opts = append(opts, testkit.CommitEvery(int(s.number(a))))
			case "start":
				opts = append(opts, testkit.StartAt(s.number(a)))
			case "single-task":
				opts = append(opts, testkit.SingleTask())
			case "skip-errors":
				opts = append(opts, testkit.SkipErrors())
			default:
				s.t.Fatalf("new: unknown option %q: the options are partitions, topic, commit-every, start, single-task and skip-errors", a.Key)
			}
		}
		s.d = testkit.New(s.t, s.topo, opts...)
	})
}

// end ends the driver's test, whose second run may fail.
func (s *script) end() string {
	if s.d == nil {
		return ""
	}
	s.d = nil
	if s.broken {
		return ""
	}
	return s.t.Finish()
}

// place is what changes whenever the program does, and says nothing of what it does.
var place = regexp.MustCompile(` \([^()\s]*\.go:\d+\)|[^()\s]*\.go:\d+: `)

func unplaced(s string) string { return place.ReplaceAllString(s, "") }
