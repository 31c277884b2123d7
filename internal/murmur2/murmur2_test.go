package murmur2

import "testing"

func TestSum(t *testing.T) {
	t.Parallel()
	// The vectors of Kafka's own UtilsTest.testMurmur2.
	for _, tc := range []struct {
		key  string
		want int32
	}{
		{"21", -973932308},
		{"foobar", -790332482},
		{"a-little-bit-long-string", -985981536},
		{"a-little-bit-longer-string", -1486304829},
		{"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
		{"abc", 479470107},
	} {
		if got := Sum([]byte(tc.key)); got != tc.want {
			t.Errorf("Sum(%q) = %d, want %d", tc.key, got, tc.want)
		}
	}
}

func TestPartition(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		key  string
		n    int32
		want int32
	}{
		{"abc", 1, 0},
		{"abc", 12, 479470107 % 12},
		{"21", 12, (-973932308 & 0x7fffffff) % 12},
		{"foobar", 7, (-790332482 & 0x7fffffff) % 7},
		{"abc", 0, 0},
		{"abc", -3, 0},
	} {
		if got := Partition([]byte(tc.key), tc.n); got != tc.want {
			t.Errorf("Partition(%q, %d) = %d, want %d", tc.key, tc.n, got, tc.want)
		}
	}
}

func BenchmarkPartition(b *testing.B) {
	key := []byte("experiment-1/plate-0042/C07/3")
	b.ReportAllocs()
	for b.Loop() {
		Partition(key, 12)
	}
}
