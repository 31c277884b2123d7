package engine

// Panicked is what Process would have returned, had a callback returned cause instead of panicking: for drivers that
// recover. What the record had begun is not known, so that one which the policy drops is always replayed without.
func (t *Task) Panicked(cause error) error {
	if h := t.ctx.Held; h != nil {
		re := &RecordError{Topic: h.Topic, Partition: h.Raw.Partition, Offset: h.Raw.Offset, Err: cause}
		t.blame(re, h)
		return t.judge(re)
	}
	q := t.byTopic[t.ctx.Topic]
	if q == nil || q.head >= len(q.recs) { // a punctuation
		return cause
	}
	return t.judge(recordError(q, &q.recs[q.head], cause))
}
