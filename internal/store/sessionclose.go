package store

// Index makes the store know which sessions are due, or no longer know it. It must be called before the store is used.
func (s *Session[K, A]) Index(wanted bool) (err error) {
	s.due, err = newDue(s.core, wanted, s.index, sessionItems(s.strict))
	return err
}

// Await tells the store where the bound of Closed is kept: the sessions that end before it were told of.
func (s *Session[K, A]) Await(from *int64) { s.due.from = from }

// New notes that a session of e's key, which was not there, is to be told of by Closed.
func (s *Session[K, A]) New(e *Sessions[A], start, end int64) {
	s.due.add(sessionItem(e.key[len(s.core.prefix):], start, end, s.strict))
}

// Closed calls f for each session that ends from the bound (see Await) up to last, by end, those included that are not seen any
// more; and moves the bound.
func (s *Session[K, A]) Closed(last int64, f func(k K, x *Span[A]) error) error {
	return s.due.take(last, func(item []byte) error {
		key, start, end, err := sessionOf(s.core, item, s.strict)
		if err != nil {
			return err
		}
		e, err := s.core.find(append(s.core.start(), key...), nil)
		if err != nil {
			return err
		}
		row := typed[[]Span[A]](e)
		list, err := s.lists.Value(row)
		if err != nil {
			return err
		}
		for i := range list {
			if x := &list[i]; x.Start == start && x.End == end {
				k, err := s.keyOf(e)
				if err != nil {
					return err
				}
				return f(k, x)
			}
		}
		return nil // merged since
	})
}

// keeps reports whether a session that was not merged stays in its row: while it is seen, and until it was told of.
func (s *Session[K, A]) keeps(x *Span[A]) bool {
	return s.Seen(x.End) || s.core.track && x.fresh || s.due != nil && x.End >= *s.due.from
}
