package metamorphic_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit/metamorphic"
	"github.com/millrace-go/millrace/topology"
)

// fake is a test that fails by itself.
type fake struct{ failure string }

func (f *fake) Helper()        {}
func (f *fake) Cleanup(func()) {}

func (f *fake) Errorf(format string, args ...any) { f.failure += fmt.Sprintf(format, args...) }

func (f *fake) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

func fails(draw func(*rand.Rand) metamorphic.Case) string {
	var f fake
	done := make(chan struct{})
	go func() {
		defer close(done)
		metamorphic.Test(&f, 5, draw)
	}()
	<-done
	return f.failure
}

var (
	in  = topology.NewTopic[string, string]("in")
	out = topology.NewTopic[string, string]("out")
)

// planted is a case in which one of many parts has a mistake, and one of many records meets it.
func planted(part func(*stream.Stream[string, string]) *stream.Stream[string, string]) func(*rand.Rand) metamorphic.Case {
	return func(rng *rand.Rand) metamorphic.Case {
		c := metamorphic.Case{Build: func(has metamorphic.Has) (*topology.Topology, error) {
			b := topology.New("planted")
			s := stream.From(b, in)
			s.ForEach(func(_, _ string) {})
			for i := range 6 {
				name := fmt.Sprint("sound-", i)
				if has(name) {
					s.GroupByKey().Count(topology.As(name))
				}
			}
			if has("unsound") {
				part(s).To(out)
			}
			return b.Build()
		}, Parts: []string{"sound-0", "sound-1", "sound-2", "unsound", "sound-3", "sound-4", "sound-5"}}
		for at := range int64(60) {
			c.Steps = append(c.Steps, metamorphic.Pipe(in, stream.Record[string, string]{Key: "ab"[rng.IntN(2):][:1], Value: fmt.Sprint("v", at), Timestamp: at}))
		}
		return c
	}
}

// A processor that remembers something beside its stores forgets it in a crash, and remembers too much after an abort.
func TestFindsMemoryOutsideStores(t *testing.T) {
	t.Parallel()
	failure := fails(planted(func(s *stream.Stream[string, string]) *stream.Stream[string, string] {
		return s.Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			n := 0
			return func(r stream.Record[string, string]) error {
				n++
				r.Value = fmt.Sprint(n)
				return c.Forward(r)
			}, nil
		})
	}))
	if !strings.Contains(failure, "outputs differ") || !strings.Contains(failure, "MILLRACE_SEED=1 repeats it") {
		t.Errorf("got %s", failure)
	}
	if !strings.Contains(failure, " 1 of 7 parts (unsound):\n") {
		t.Errorf("the parts that do not matter are not left out:\n%s", failure)
	}
	if n := strings.Count(failure, "\n----\n"); n < 2 || n > 3 { // an interruption, and one or two records
		t.Errorf("%d steps are left, want 2 or 3:\n%s", n, failure)
	}
}

// A record that fails undisturbed is all that remains.
func TestFindsWhatFails(t *testing.T) {
	t.Parallel()
	failure := fails(planted(func(s *stream.Stream[string, string]) *stream.Stream[string, string] {
		return s.Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			return func(r stream.Record[string, string]) error {
				if r.Value == "v42" {
					return fmt.Errorf("never saw the like of %s", r.Value)
				}
				return c.Forward(r)
			}, nil
		})
	}))
	if !strings.Contains(failure, "still fails with 1 of ") || !strings.Contains(failure, " -> v42 at 42\n----\n") {
		t.Errorf("the record that fails is not what remains:\n%s", failure)
	}
}

// What is sound passes.
func TestSoundPasses(t *testing.T) {
	t.Parallel()
	if failure := fails(planted(func(s *stream.Stream[string, string]) *stream.Stream[string, string] {
		return s.MapValues(strings.ToUpper)
	})); failure != "" {
		t.Error(failure)
	}
}
