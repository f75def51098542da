package ntfs

import (
	"fmt"
	"math/bits"
)

// A ClusterState is what becomes of the clusters of a run.
type ClusterState uint8

// The states of clusters. Free means free at the time of the image: another file
// may have had the cluster in between and have been deleted too.
const (
	ClustersOwned  ClusterState = iota // the file exists, and they are its own
	ClustersFree                       // the file is deleted, and no file has them
	ClustersReused                     // the file is deleted, and another file has them
	ClustersHole                       // there are none: a hole of a sparse stream
)

// String returns "owned", "free", "reused" or "hole".
func (c ClusterState) String() string {
	if int(c) < len(clusterStates) {
		return clusterStates[c]
	}
	return fmt.Sprint(uint8(c))
}

var clusterStates = [...]string{"owned", "free", "reused", "hole"}

// An Extent is a run of clusters of a stream. The last one may end after the
// stream does.
type Extent struct {
	Range          // in the stream
	Volume   int64 // offset in the volume; -1 for a hole
	Clusters ClusterState
}

// maxExtents bounds the pieces into which the runs of one stream are split. A run
// after them is reused as soon as one of its clusters is.
const maxExtents = 1 << 16

// needed returns how many bytes of a stream come from its clusters: the rest
// reads as zeros.
func (s *stream) needed() int64 {
	end := min(s.size, s.init)
	if s.unit > 0 && end > 0 {
		end = (end + s.unit - 1) / s.unit * s.unit
	}
	return end
}

// extents lists the runs of a stream with the state of their clusters.
func (v *Volume) extents(s *stream, inUse bool) ([]Extent, error) {
	if s.resident != nil || len(s.runs) == 0 {
		return nil, nil
	}
	var bitmap *stream
	if !inUse {
		var err error
		if bitmap, err = v.bitmapStream(); err != nil {
			return nil, fmt.Errorf("$Bitmap: %w", err)
		}
	}
	var out []Extent
	left := v.Size / v.cluster // no stream has more
	for _, r := range s.runs {
		e := Extent{Range{r.vcn * v.cluster, r.n * v.cluster}, r.lcn * v.cluster, ClustersOwned}
		switch left -= r.n; {
		case r.lcn < 0:
			left += r.n
			e.Volume, e.Clusters = -1, ClustersHole
		case inUse:
		case left < 0:
			// More clusters than the volume has: some are named twice.
			e.Clusters = ClustersReused
		default:
			var err error
			if out, err = v.splitRun(out, bitmap, r); err != nil {
				return nil, fmt.Errorf("$Bitmap: %w", err)
			}
			continue
		}
		out = append(out, e)
	}
	return out, nil
}

// splitRun appends a run of a deleted file, cut where its clusters change between
// free and reused.
func (v *Volume) splitRun(out []Extent, bitmap *stream, r run) ([]Extent, error) {
	if len(out) >= maxExtents {
		used, err := v.allocated(bitmap, r.lcn, r.n)
		return append(out, v.extent(r, used)), err
	}
	for r.n > 0 {
		n, used, err := v.sameState(bitmap, r.lcn, r.n)
		if err != nil {
			return out, err
		}
		out = append(out, v.extent(run{r.vcn, r.lcn, n}, used))
		r = run{r.vcn + n, r.lcn + n, r.n - n}
		if len(out) >= maxExtents && r.n > 0 {
			return v.splitRun(out, bitmap, r)
		}
	}
	return out, nil
}

func (v *Volume) extent(r run, used bool) Extent {
	state := ClustersFree
	if used {
		state = ClustersReused
	}
	return Extent{Range{r.vcn * v.cluster, r.n * v.cluster}, r.lcn * v.cluster, state}
}

// sameState counts the clusters from lcn on, at most n, that are all in use or
// all free.
func (v *Volume) sameState(bitmap *stream, lcn, n int64) (count int64, used bool, err error) {
	var buf [4096]byte
	for count < n {
		at := lcn + count
		b := buf[:min(int64(len(buf)), (lcn+n+7)/8-at/8)]
		if err := readFull(bitmap, b, at/8); err != nil {
			return count, used, err
		}
		if count == 0 {
			used = b[0]>>(at%8)&1 != 0
		}
		for i, c := range b {
			if used {
				c = ^c // now 0 where the state is the same
			}
			skip := int64(0)
			if i == 0 {
				skip = at % 8
			}
			same := min(int64(bits.TrailingZeros8(c>>skip)), 8-skip)
			count += same
			if count >= n {
				return n, used, nil
			}
			if same < 8-skip {
				return count, used, nil
			}
		}
	}
	return count, used, nil
}
