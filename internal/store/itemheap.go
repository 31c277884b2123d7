package store

// itemHeap is a heap of items with the least on top.
type itemHeap []string

func (h *itemHeap) push(item string) {
	*h = append(*h, item)
	s := *h
	for i := len(s) - 1; i > 0; {
		up := (i - 1) / 2
		if s[up] <= s[i] {
			return
		}
		s[up], s[i] = s[i], s[up]
		i = up
	}
}

func (h *itemHeap) pop() string {
	s := *h
	top, last := s[0], len(s)-1
	s[0], s[last] = s[last], ""
	s = s[:last]
	*h = s
	for i := 0; ; {
		least := i
		for k := 2*i + 1; k <= 2*i+2 && k < last; k++ {
			if s[k] < s[least] {
				least = k
			}
		}
		if least == i {
			return top
		}
		s[least], s[i] = s[i], s[least]
		i = least
	}
}
