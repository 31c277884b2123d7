package engine

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/millrace-go/millrace/internal/graph"
)

// The headers of a dead letter: KIP-1034's, and which operator failed.
const (
	headerException  = "__streams.errors.exception"
	headerMessage    = "__streams.errors.message"
	headerStack      = "__streams.errors.stacktrace"
	headerTopic      = "__streams.errors.topic"
	headerPartition  = "__streams.errors.partition"
	headerOffset     = "__streams.errors.offset"
	headerOperator   = "__streams.errors.operator"
	longestMessage   = 4 << 10
	longestStack     = 16 << 10
	noDeadLetterHelp = "a policy sends records to the dead letters, and there is no topic for them: name one in DeadLetterTopic"
)

// ask is the policy's verdict, which it also notes.
func (t *Task) ask(policy func(*RecordError) Verdict, re *RecordError) Verdict {
	if policy == nil {
		return Fail
	}
	v := policy(re)
	if v == Divert && t.cfg.DeadLetters == "" {
		re.Err = fmt.Errorf("%w (%s)", re.Err, noDeadLetterHelp)
		return Fail
	}
	re.divert = v == Divert
	return v
}

// leaveOut drops a record, after it has become a dead letter if the policy said so.
func (t *Task) leaveOut(re *RecordError) error {
	if re.divert {
		if err := t.divert(re); err != nil {
			return err
		}
	}
	t.skip(re.Node, re.Err.Error())
	return nil
}

// divert sends a record as it came, with what is known of its failure in headers after its own. It is part of the same
// transaction as what the task does beside it.
func (t *Task) divert(re *RecordError) error {
	e := graph.Effect{Topic: t.topic(t.cfg.DeadLetters), Partition: graph.AnyPartition, Key: re.Raw.Key, Value: re.Raw.Value, Timestamp: max(0, re.Raw.Timestamp)}
	e.Headers = slices.Clone(re.Raw.Headers)
	add := func(key, value string) { e.Headers = append(e.Headers, graph.Header{Key: key, Value: []byte(value)}) }
	add(headerException, fmt.Sprintf("%T", root(re.Err)))
	add(headerMessage, first(longestMessage, re.Err.Error()))
	if s, ok := errors.AsType[interface {
		error
		Stack() []byte
	}](re.Err); ok {
		add(headerStack, first(longestStack, string(s.Stack())))
	}
	add(headerTopic, re.Topic)
	add(headerPartition, strconv.Itoa(int(re.Partition)))
	add(headerOffset, strconv.FormatInt(re.Offset, 10))
	if re.Node != nil {
		add(headerOperator, re.Node.Name+" ("+re.Node.At+")")
	}
	t.emitted = true
	if err := t.cfg.Emit(&e); err != nil {
		t.ctx.Fault = fmt.Errorf("engine: a dead letter of topic %s, partition %d, offset %d: %w", re.Topic, re.Partition, re.Offset, err)
		return t.ctx.Fault
	}
	return nil
}

// root is the innermost error, whose type says most.
func root(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

func first(n int, s string) string { return s[:min(n, len(s))] }

// rejected asks what becomes of a record that the log will not take. What is diverted is the record that it came from,
// whose bytes the log has taken before; of what is forwarded at a commit, where there is none, the record itself.
func (t *Task) rejected(e *graph.Effect, cause *graph.RejectedError) error {
	re := &RecordError{Topic: t.ctx.Topic, Partition: t.ctx.Partition, Offset: t.ctx.Offset, Err: cause}
	switch q := t.byTopic[t.ctx.Topic]; {
	case t.ctx.Held != nil:
		re.Raw = t.ctx.Held.Raw
	case t.current != nil && q != nil:
		re = recordError(q, t.current, cause)
	default:
		re.Raw = graph.Raw{Key: slices.Clone(e.Key), Value: slices.Clone(e.Value), Headers: e.Headers, Timestamp: e.Timestamp}
	}
	switch t.ask(t.cfg.OnProduce, re) {
	case Ignore, Divert:
		return t.leaveOut(re)
	case Fail, Again:
	}
	return cause
}
