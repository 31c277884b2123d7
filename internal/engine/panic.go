package engine

// Panicked is what Process would have returned, had a callback returned cause instead of panicking: for drivers that
// recover. What the record had begun is not known, so that one which the policy drops is always replayed without.
func (t *Task) Panicked(cause error) error {
	q := t.byTopic[t.ctx.Topic]
	if q == nil || q.head >= len(q.recs) { // a punctuation
		return cause
	}
	re := recordError(q, &q.recs[q.head], cause)
	switch t.ask(t.cfg.OnProcess, re) {
	case Fail:
		return re
	case Again:
		return &RetryError{re}
	default:
		return &ReplayError{re}
	}
}
