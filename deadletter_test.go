package millrace_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

func headersOf(r brokertest.Record) map[string]string {
	m := map[string]string{}
	for _, h := range r.Headers {
		m[strings.TrimPrefix(h.Name, "__streams.errors.")] = string(h.Value)
	}
	return m
}

func letters(t *testing.T, cfg *millrace.Config) string {
	t.Helper()
	cfg.DeadLetterTopic = brokertest.UniqueName(t, "letters")
	brokertest.Topics(t, cfg.Bootstrap, brokertest.Topic{Name: cfg.DeadLetterTopic})
	return cfg.DeadLetterTopic
}

// A bad record becomes one dead letter, as it came and with its story, and nothing of what it had begun remains.
func TestDeadLetter(t *testing.T) {
	t.Parallel()
	for _, c := range badRecords {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			cfg.OnDecodeError, cfg.OnProcessError = millrace.DeadLetter, millrace.DeadLetter
			dead := letters(t, &cfg)
			in, seen, out := threeTopics(t, cfg.Bootstrap)
			input := badInput(c.value)
			input[2].Headers = []brokertest.Header{{Name: "from", Value: []byte("camera 3")}}
			brokertest.Produce(t, cfg.Bootstrap, in, input...)
			a := start(t, sums(t, newApp(t, cfg.Bootstrap), in, seen, out, failing), cfg)
			brokertest.Consume(t, cfg.Bootstrap, out, 4, longest)
			if err := a.shutdown(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]int64{1, 2, 3, 4}, numbersOf(brokertest.All(t, cfg.Bootstrap, seen))); diff != "" {
				t.Errorf("seen (-want +got):\n%s", diff)
			}
			got := brokertest.All(t, cfg.Bootstrap, dead)
			if len(got) != 1 || string(got[0].Key) != "k" || string(got[0].Value) != string(c.value) || got[0].Timestamp.UnixMilli() != 1000 {
				t.Fatalf("dead letters: %v", got)
			}
			h := headersOf(got[0])
			if h["from"] != "camera 3" || h["topic"] != in || h["partition"] != "0" || h["offset"] != "2" || h["exception"] == "" ||
				!strings.Contains(h["message"], c.cause) || !strings.Contains(h["operator"], c.operator) || (h["operator"] == "") != (c.operator == "") {
				t.Errorf("headers: %v", h)
			}
			if strings.Contains(h["stacktrace"], "policy_test.go") != (c.name == "panic") {
				t.Errorf("stack: %s", h["stacktrace"])
			}
		})
	}
}

// A failure that passes costs a pause, and nothing is done twice.
func TestRetry(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	var tries atomic.Int64
	flaky := func(n int64) error {
		if n == erring && tries.Add(1) < 3 {
			return errors.New("the service does not answer")
		}
		return nil
	}
	cfg.OnProcessError = millrace.ByOperator(map[string]millrace.Policy{"check": millrace.Retry(5, millrace.Fail)}, millrace.Skip)
	in, seen, out := threeTopics(t, cfg.Bootstrap)
	brokertest.Produce(t, cfg.Bootstrap, in, badInput(number(erring))...)
	a := start(t, sums(t, newApp(t, cfg.Bootstrap), in, seen, out, flaky), cfg)
	brokertest.Consume(t, cfg.Bootstrap, out, 5, longest)
	if err := a.shutdown(); err != nil {
		t.Fatal(err)
	}
	if n := tries.Load(); n != 3 {
		t.Errorf("%d tries", n)
	}
	if diff := cmp.Diff([]int64{1, 3, 16, 19, 23}, numbersOf(brokertest.All(t, cfg.Bootstrap, out))); diff != "" {
		t.Errorf("sums (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{1, 2, erring, 3, 4}, numbersOf(brokertest.All(t, cfg.Bootstrap, seen))); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
}

// One that does not pass is given up, and the policy behind has the word.
func TestRetryGivesUp(t *testing.T) {
	t.Parallel()
	asked := 0
	p := millrace.Retry(2, func(millrace.Failure) millrace.Verdict { asked++; return millrace.Drop })
	for i, want := range []millrace.Verdict{millrace.Again, millrace.Again, millrace.Drop} {
		if got := p(millrace.Failure{Topic: "in", Offset: 7}); got != want {
			t.Errorf("try %d: verdict %d, want %d", i, got, want)
		}
	}
	for _, other := range []millrace.Failure{{Topic: "in", Offset: 8}, {Topic: "in", Partition: 1, Offset: 8}} {
		if got := p(other); got != millrace.Again {
			t.Errorf("another record: verdict %d", got)
		}
	}
	if asked != 1 {
		t.Errorf("the policy behind was asked %d times", asked)
	}
}

// What is too large for the broker goes nowhere; its source becomes the dead letter.
func TestProduceError(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.OnProduceError = millrace.DeadLetter
	dead := letters(t, &cfg)
	in, out := topics(t, cfg.Bootstrap, 1, 1)
	brokertest.Produce(t, cfg.Bootstrap, in, badInput(number(erring))...)
	b := topology.New(newApp(t, cfg.Bootstrap))
	stream.From(b, topology.NewTopic[string, int64](in)).
		ProcessValues(func(_ context.Context, r stream.Record[string, int64]) (string, error) {
			if r.Value == erring {
				return strings.Repeat("x", 2<<20), nil
			}
			return "small", nil
		}).
		To(topology.NewTopic[string, string](out))
	a := start(t, topology.Must(b.Build()), cfg)
	brokertest.Consume(t, cfg.Bootstrap, out, 4, longest)
	if err := a.shutdown(); err != nil {
		t.Fatal(err)
	}
	got := brokertest.All(t, cfg.Bootstrap, dead)
	if len(got) != 1 || string(got[0].Value) != string(number(erring)) {
		t.Fatalf("dead letters: %v", got)
	}
	if h := headersOf(got[0]); h["topic"] != in || h["offset"] != "2" || !strings.Contains(h["message"], out) || !strings.Contains(strings.ToLower(h["message"]), "large") {
		t.Errorf("headers: %v", h)
	}
	if n := len(brokertest.All(t, cfg.Bootstrap, out)); n != 4 {
		t.Errorf("%d records put out", n)
	}
}

// Dead letters need a topic, and the error says so: at the start where it is named and missing, else at the record.
func TestNoDeadLetterTopic(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.OnDecodeError = millrace.DeadLetter
	in, seen, out := threeTopics(t, cfg.Bootstrap)
	brokertest.Produce(t, cfg.Bootstrap, in, badInput([]byte("abc"))...)
	id := newApp(t, cfg.Bootstrap)
	err := launch(t, sums(t, id, in, seen, out, failing), cfg).wait()
	if err == nil || !strings.Contains(err.Error(), "there is no topic for them: name one in DeadLetterTopic") || !strings.Contains(err.Error(), "offset 2") {
		t.Errorf("error %v", err)
	}
	cfg.DeadLetterTopic = "no-such-letters"
	err = launch(t, sums(t, id, in, seen, out, failing), cfg).wait()
	if err == nil || !strings.Contains(err.Error(), `"no-such-letters", which is for dead letters, does not exist`) {
		t.Errorf("error %v", err)
	}
}
