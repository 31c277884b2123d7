package millrace

import (
	"fmt"
	"strings"
	"sync"

	"github.com/millrace-go/millrace/internal/engine"
)

// Policy says what becomes of a record that failed: [Fail], [Skip], [DeadLetter], [Retry], [ByOperator], or a function that looks
// at it first. Workers ask beside each other, so a policy must be safe for concurrent use.
type Policy func(Failure) Verdict

// Verdict is a policy's word.
type Verdict int

// The verdicts.
const (
	Stop   Verdict = iota // the application stops with the error
	Drop                  // the record is counted, logged and left out
	Divert                // the record goes to Config.DeadLetterTopic, and is otherwise as with Drop
	Again                 // what the worker did since its last commit is taken back, and done again after a pause
)

// Fail is the policy that stops the application.
func Fail(Failure) Verdict { return Stop }

// Skip is the policy that leaves the record out.
func Skip(Failure) Verdict { return Drop }

// DeadLetter is the policy that sends the record to Config.DeadLetterTopic: key, value, headers and timestamp as they came, and
// in further headers, named as in KIP-1034, what is known of the failure: __streams.errors.exception (the error's Go type),
// .message, .stacktrace (of a panic), .topic, .partition, .offset and .operator. It is sent with the commit that leaves the
// record out, so exactly once under ExactlyOnce.
func DeadLetter(Failure) Verdict { return Divert }

// Retry is the policy that tries a record up to so many times more, for failures that pass: a service that does not answer. Then
// otherwise has the word. Before each try its task waits, 100 ms at first, then twice as long each time up to 10 s; the worker's
// other tasks go on. It has no use for OnDecodeError, nor for OnProduceError, which takes it as Stop.
func Retry(times int, otherwise Policy) Policy {
	type place struct {
		topic     string
		partition int32
	}
	type failing struct {
		offset int64
		tries  int
	}
	var mu sync.Mutex
	last := map[place]failing{} // records of a partition fail one after the other
	return func(f Failure) Verdict {
		mu.Lock()
		at := place{f.Topic, f.Partition}
		now := failing{f.Offset, 1}
		if before := last[at]; before.offset == f.Offset {
			now.tries = before.tries + 1
		}
		last[at] = now
		mu.Unlock()
		if now.tries <= times {
			return Again
		}
		return otherwise(f)
	}
}

// ByOperator is the policy that has one for each operator, by the operator's name, and another for failures elsewhere.
func ByOperator(policies map[string]Policy, otherwise Policy) Policy {
	return func(f Failure) Verdict {
		name, _, _ := strings.Cut(f.Operator, " (")
		if p := policies[name]; p != nil {
			return p(f)
		}
		return otherwise(f)
	}
}

// Failure is a record that could not be processed, and why.
type Failure struct {
	Topic      string // "": a record that was forwarded at a commit could not be sent, and Key and Value are its own
	Partition  int32
	Offset     int64
	Operator   string // and where it was drawn; "": the record did not decode or could not be sent, or a callback panicked
	Key, Value []byte // as they came; not to be changed
	Err        error
}

// verdict turns a policy into the engine's.
func (p Policy) verdict() func(*engine.RecordError) engine.Verdict {
	if p == nil {
		return nil
	}
	return func(e *engine.RecordError) engine.Verdict {
		f := Failure{Topic: e.Topic, Partition: e.Partition, Offset: e.Offset, Key: e.Raw.Key, Value: e.Raw.Value, Err: e.Err}
		if e.Node != nil {
			f.Operator = fmt.Sprintf("%s (%s)", e.Node.Name, e.Node.At)
		}
		switch p(f) {
		case Drop:
			return engine.Ignore
		case Divert:
			return engine.Divert
		case Again:
			return engine.Again
		case Stop:
		}
		return engine.Fail
	}
}
