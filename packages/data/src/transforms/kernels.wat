;; Passes over bytes, 16 at a time: the two of resizing and the one of blurring; and pixels at any positions.
;; Weights of resizing have 22 bits; sums begin with a half, so that the shift rounds. Reads and writes may go up to 16 bytes beyond the end of a buffer; what is written there is written again or not read.
(module
  (import "host" "memory" (memory 1 65536))

  ;; Along rows: each pixel of $out is a weighted sum of the $counts[x] pixels from byte $starts[x] of the row on.
  ;; Four bytes are worked on at a time: the channels of one pixel, and whatever follows.
  (func (export "rows")
    (param $src i32) (param $stride i32) (param $height i32) (param $channels i32)
    (param $starts i32) (param $counts i32) (param $values i32) (param $size i32) (param $width i32) (param $out i32)
    (local $y i32) (local $x i32) (local $p i32) (local $w i32) (local $end i32) (local $first i32) (local $sum v128)
    (local.set $size (i32.shl (local.get $size) (i32.const 2)))
    (loop $nextRow
      (local.set $x (i32.const 0))
      (local.set $first (local.get $values))
      (loop $nextPixel
        (local.set $p
          (i32.add (local.get $src)
            (i32.load (i32.add (local.get $starts) (i32.shl (local.get $x) (i32.const 2))))))
        (local.set $w (local.get $first))
        (local.set $end
          (i32.add (local.get $w)
            (i32.shl
              (i32.load (i32.add (local.get $counts) (i32.shl (local.get $x) (i32.const 2))))
              (i32.const 2))))
        (local.set $sum (i32x4.splat (i32.const 0x200000)))
        (loop $nextTap
          (local.set $sum
            (i32x4.add (local.get $sum)
              (i32x4.mul
                (v128.load32_splat (local.get $w))
                (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero (local.get $p)))))))
          (local.set $p (i32.add (local.get $p) (local.get $channels)))
          (local.set $w (i32.add (local.get $w) (i32.const 4)))
          (br_if $nextTap (i32.lt_u (local.get $w) (local.get $end))))
        (local.set $sum (i32x4.shr_s (local.get $sum) (i32.const 22)))
        (local.set $sum (i16x8.narrow_i32x4_s (local.get $sum) (local.get $sum)))
        (v128.store32_lane 0 (local.get $out) (i8x16.narrow_i16x8_u (local.get $sum) (local.get $sum)))
        (local.set $out (i32.add (local.get $out) (local.get $channels)))
        (local.set $first (i32.add (local.get $first) (local.get $size)))
        (local.set $x (i32.add (local.get $x) (i32.const 1)))
        (br_if $nextPixel (i32.lt_u (local.get $x) (local.get $width))))
      (local.set $src (i32.add (local.get $src) (local.get $stride)))
      (local.set $y (i32.add (local.get $y) (i32.const 1)))
      (br_if $nextRow (i32.lt_u (local.get $y) (local.get $height)))))

  ;; Along columns: each row of $out ($length bytes) is a weighted sum of the $counts[y] rows from byte $starts[y] on.
  (func (export "columns")
    (param $src i32) (param $stride i32) (param $length i32)
    (param $starts i32) (param $counts i32) (param $values i32) (param $size i32) (param $height i32) (param $out i32)
    (local $y i32) (local $i i32) (local $p i32) (local $w i32) (local $row i32) (local $end i32)
    (local $v v128) (local $weight v128) (local $half v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $half (i32x4.splat (i32.const 0x200000)))
    (local.set $size (i32.shl (local.get $size) (i32.const 2)))
    (loop $nextRow
      (local.set $row (i32.add (local.get $src) (i32.load (local.get $starts))))
      (local.set $end (i32.add (local.get $values) (i32.shl (i32.load (local.get $counts)) (i32.const 2))))
      (local.set $i (i32.const 0))
      (loop $nextBytes
        (local.set $p (i32.add (local.get $row) (local.get $i)))
        (local.set $w (local.get $values))
        (local.set $a (local.get $half))
        (local.set $b (local.get $half))
        (local.set $c (local.get $half))
        (local.set $d (local.get $half))
        (loop $nextTap
          (local.set $v (v128.load (local.get $p)))
          (local.set $weight (v128.load32_splat (local.get $w)))
          (local.set $a
            (i32x4.add (local.get $a)
              (i32x4.mul (local.get $weight) (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (local.get $v))))))
          (local.set $b
            (i32x4.add (local.get $b)
              (i32x4.mul (local.get $weight) (i32x4.extend_high_i16x8_u (i16x8.extend_low_i8x16_u (local.get $v))))))
          (local.set $c
            (i32x4.add (local.get $c)
              (i32x4.mul (local.get $weight) (i32x4.extend_low_i16x8_u (i16x8.extend_high_i8x16_u (local.get $v))))))
          (local.set $d
            (i32x4.add (local.get $d)
              (i32x4.mul (local.get $weight) (i32x4.extend_high_i16x8_u (i16x8.extend_high_i8x16_u (local.get $v))))))
          (local.set $p (i32.add (local.get $p) (local.get $stride)))
          (local.set $w (i32.add (local.get $w) (i32.const 4)))
          (br_if $nextTap (i32.lt_u (local.get $w) (local.get $end))))
        (v128.store (i32.add (local.get $out) (local.get $i))
          (i8x16.narrow_i16x8_u
            (i16x8.narrow_i32x4_s
              (i32x4.shr_s (local.get $a) (i32.const 22)) (i32x4.shr_s (local.get $b) (i32.const 22)))
            (i16x8.narrow_i32x4_s
              (i32x4.shr_s (local.get $c) (i32.const 22)) (i32x4.shr_s (local.get $d) (i32.const 22)))))
        (local.set $i (i32.add (local.get $i) (i32.const 16)))
        (br_if $nextBytes (i32.lt_u (local.get $i) (local.get $length))))
      (local.set $out (i32.add (local.get $out) (local.get $length)))
      (local.set $values (i32.add (local.get $values) (local.get $size)))
      (local.set $starts (i32.add (local.get $starts) (i32.const 4)))
      (local.set $counts (i32.add (local.get $counts) (i32.const 4)))
      (local.set $y (i32.add (local.get $y) (i32.const 1)))
      (br_if $nextRow (i32.lt_u (local.get $y) (local.get $height)))))
  ;; One pass of a box along columns: $whole of 2 ** 24 for each of the rows up to $reach away, $end for the next ones.
  ;; Rows beyond an edge are the edge. $sums: for each byte of a row the sum of the box around the row before the first.
  (func (export "box")
    (param $src i32) (param $out i32) (param $sums i32) (param $length i32) (param $height i32) (param $reach i32)
    (param $whole i32) (param $end i32)
    (local $y i32) (local $i i32) (local $first i32) (local $last i32) (local $added i32) (local $sum i32)
    (local $f v128) (local $l v128) (local $a v128) (local $w v128) (local $e v128) (local $half v128)
    (local $low v128) (local $v v128) (local $words v128)
    (local.set $w (i32x4.splat (local.get $whole)))
    (local.set $e (i32x4.splat (local.get $end)))
    (local.set $half (i32x4.splat (i32.const 0x800000)))
    (loop $nextRow
      (local.set $first
        (call $rowAt (local.get $src) (local.get $length) (local.get $height)
          (i32.sub (i32.sub (local.get $y) (local.get $reach)) (i32.const 1))))
      (local.set $last
        (call $rowAt (local.get $src) (local.get $length) (local.get $height)
          (i32.add (i32.add (local.get $y) (local.get $reach)) (i32.const 1))))
      (local.set $added
        (call $rowAt (local.get $src) (local.get $length) (local.get $height)
          (i32.add (local.get $y) (local.get $reach))))
      (local.set $i (i32.const 0))
      (local.set $sum (local.get $sums))
      (loop $nextBytes
        ;; Eight bytes, as two vectors of four sums.
        (local.set $f (v128.load64_zero (i32.add (local.get $first) (local.get $i))))
        (local.set $l (v128.load64_zero (i32.add (local.get $last) (local.get $i))))
        (local.set $a (v128.load64_zero (i32.add (local.get $added) (local.get $i))))
        (local.set $f (i16x8.extend_low_i8x16_u (local.get $f)))
        (local.set $a (i16x8.sub (i16x8.extend_low_i8x16_u (local.get $a)) (local.get $f)))
        (local.set $l (i16x8.add (i16x8.extend_low_i8x16_u (local.get $l)) (local.get $f)))
        (local.set $v (i32x4.add (v128.load (local.get $sum)) (i32x4.extend_low_i16x8_s (local.get $a))))
        (v128.store (local.get $sum) (local.get $v))
        (local.set $low
          (i32x4.shr_u
            (i32x4.add
              (i32x4.add
                (i32x4.mul (local.get $v) (local.get $w))
                (i32x4.mul (i32x4.extend_low_i16x8_u (local.get $l)) (local.get $e)))
              (local.get $half))
            (i32.const 24)))
        (local.set $v (i32x4.add (v128.load offset=16 (local.get $sum)) (i32x4.extend_high_i16x8_s (local.get $a))))
        (v128.store offset=16 (local.get $sum) (local.get $v))
        (local.set $words
          (i16x8.narrow_i32x4_s
            (local.get $low)
            (i32x4.shr_u
              (i32x4.add
                (i32x4.add
                  (i32x4.mul (local.get $v) (local.get $w))
                  (i32x4.mul (i32x4.extend_high_i16x8_u (local.get $l)) (local.get $e)))
                (local.get $half))
              (i32.const 24))))
        (v128.store64_lane 0
          (i32.add (local.get $out) (local.get $i))
          (i8x16.narrow_i16x8_u (local.get $words) (local.get $words)))
        (local.set $sum (i32.add (local.get $sum) (i32.const 32)))
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br_if $nextBytes (i32.lt_u (local.get $i) (local.get $length))))
      (local.set $out (i32.add (local.get $out) (local.get $length)))
      (local.set $y (i32.add (local.get $y) (i32.const 1)))
      (br_if $nextRow (i32.lt_u (local.get $y) (local.get $height)))))

  ;; Pixels of $src at the positions $xs, $ys, by a cubic over 4 x 4 pixels in double precision, two channels a vector.
  ;; Positions outside leave $out alone. $scratch: 160 bytes.
  (func (export "bicubic")
    (param $src i32) (param $width i32) (param $height i32) (param $channels i32)
    (param $xs i32) (param $ys i32) (param $count i32) (param $out i32) (param $scratch i32)
    (local $x f64) (local $y f64) (local $column i32) (local $line i32) (local $dx v128) (local $dy v128)
    (local $k i32) (local $row i32) (local $right i32)
    (local $c0 i32) (local $c1 i32) (local $c2 i32) (local $c3 i32)
    (local $v0 v128) (local $v1 v128) (local $v2 v128) (local $v3 v128) (local $b v128) (local $c v128) (local $e v128)
    (local.set $right (i32.sub (local.get $width) (i32.const 1)))
    (loop $nextPixel
      (block $outside
        (local.set $x (f64.load (local.get $xs)))
        (local.set $y (f64.load (local.get $ys)))
        (br_if $outside
          (i32.eqz
            (i32.and
              (i32.and (f64.ge (local.get $x) (f64.const 0)) (f64.lt (local.get $x) (f64.convert_i32_s (local.get $width))))
              (i32.and
                (f64.ge (local.get $y) (f64.const 0))
                (f64.lt (local.get $y) (f64.convert_i32_s (local.get $height)))))))
        (local.set $x (f64.sub (local.get $x) (f64.const 0.5)))
        (local.set $y (f64.sub (local.get $y) (f64.const 0.5)))
        (local.set $column (i32.trunc_f64_s (f64.floor (local.get $x))))
        (local.set $line (i32.trunc_f64_s (f64.floor (local.get $y))))
        (local.set $dx (f64x2.splat (f64.sub (local.get $x) (f64.floor (local.get $x)))))
        (local.set $dy (f64x2.splat (f64.sub (local.get $y) (f64.floor (local.get $y)))))
        (local.set $v0
          (i32x4.mul
            (i32x4.min_s
              (i32x4.max_s
                (i32x4.add (i32x4.splat (local.get $column)) (v128.const i32x4 -1 0 1 2))
                (v128.const i32x4 0 0 0 0))
              (i32x4.splat (local.get $right)))
            (i32x4.splat (local.get $channels))))
        (local.set $c0 (i32x4.extract_lane 0 (local.get $v0)))
        (local.set $c1 (i32x4.extract_lane 1 (local.get $v0)))
        (local.set $c2 (i32x4.extract_lane 2 (local.get $v0)))
        (local.set $c3 (i32x4.extract_lane 3 (local.get $v0)))
        (v128.store offset=128 (local.get $scratch)
          (i32x4.add (i32x4.splat (local.get $src))
          (i32x4.mul
            (i32x4.min_s
              (i32x4.max_s
                (i32x4.add (i32x4.splat (local.get $line)) (v128.const i32x4 -1 0 1 2))
                (v128.const i32x4 0 0 0 0))
              (i32x4.splat (i32.sub (local.get $height) (i32.const 1))))
            (i32x4.splat (i32.mul (local.get $width) (local.get $channels))))))
        (local.set $k (i32.const 0))
        (loop $nextLine
          (local.set $row
            (i32.load offset=128 (i32.add (local.get $scratch) (i32.shl (local.get $k) (i32.const 2)))))
          (local.set $v0 (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero (i32.add (local.get $row) (local.get $c0))))))
          (local.set $v1 (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero (i32.add (local.get $row) (local.get $c1))))))
          (local.set $v2 (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero (i32.add (local.get $row) (local.get $c2))))))
          (local.set $v3 (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero (i32.add (local.get $row) (local.get $c3))))))
          ;; The factors of the cubic are whole numbers: of the first power, the second and the third.
          (local.set $row (i32.add (local.get $scratch) (i32.shl (local.get $k) (i32.const 5))))
          (local.set $b (i32x4.sub (local.get $v2) (local.get $v0)))
          (local.set $c
            (i32x4.sub
              (i32x4.add (i32x4.shl (i32x4.sub (local.get $v0) (local.get $v1)) (i32.const 1)) (local.get $v2))
              (local.get $v3)))
          (local.set $e
            (i32x4.add
              (i32x4.sub (i32x4.sub (local.get $v1) (local.get $v0)) (local.get $v2))
              (local.get $v3)))
          (v128.store (local.get $row)
            (f64x2.add (f64x2.convert_low_i32x4_s (local.get $v1))
              (f64x2.mul (local.get $dx)
                (f64x2.add (f64x2.convert_low_i32x4_s (local.get $b))
                  (f64x2.mul (local.get $dx)
                    (f64x2.add (f64x2.convert_low_i32x4_s (local.get $c))
                      (f64x2.mul (local.get $dx) (f64x2.convert_low_i32x4_s (local.get $e)))))))))
          (local.set $v1 (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $v1) (local.get $v1)))
          (local.set $b (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $b) (local.get $b)))
          (local.set $c (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $c) (local.get $c)))
          (local.set $e (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $e) (local.get $e)))
          (v128.store offset=16 (local.get $row)
            (f64x2.add (f64x2.convert_low_i32x4_s (local.get $v1))
              (f64x2.mul (local.get $dx)
                (f64x2.add (f64x2.convert_low_i32x4_s (local.get $b))
                  (f64x2.mul (local.get $dx)
                    (f64x2.add (f64x2.convert_low_i32x4_s (local.get $c))
                      (f64x2.mul (local.get $dx) (f64x2.convert_low_i32x4_s (local.get $e)))))))))
          (local.set $k (i32.add (local.get $k) (i32.const 1)))
          (br_if $nextLine (i32.lt_u (local.get $k) (i32.const 4))))
        (local.set $k (i32.const 0))
        (loop $nextPair
          (local.set $row (i32.add (local.get $scratch) (local.get $k)))
          (local.set $v0 (v128.load (local.get $row)))
          (local.set $v1 (v128.load offset=32 (local.get $row)))
          (local.set $v2 (v128.load offset=64 (local.get $row)))
          (local.set $v3 (v128.load offset=96 (local.get $row)))
          (v128.store offset=128 (local.get $row)
            (i32x4.trunc_sat_f64x2_s_zero
              (f64x2.add (local.get $v1)
                (f64x2.mul (local.get $dy)
                  (f64x2.add
                    (f64x2.sub (local.get $v2) (local.get $v0))
                    (f64x2.mul (local.get $dy)
                      (f64x2.add
                        (f64x2.sub
                          (f64x2.add
                            (f64x2.mul (f64x2.splat (f64.const 2)) (f64x2.sub (local.get $v0) (local.get $v1)))
                            (local.get $v2))
                          (local.get $v3))
                        (f64x2.mul (local.get $dy)
                          (f64x2.add
                            (f64x2.sub (f64x2.sub (local.get $v1) (local.get $v0)) (local.get $v2))
                            (local.get $v3))))))))))
          (local.set $k (i32.add (local.get $k) (i32.const 16)))
          (br_if $nextPair (i32.lt_u (local.get $k) (i32.const 32))))
        (call $put (local.get $out) (local.get $channels)
          (v128.load offset=128 (local.get $scratch)) (v128.load offset=144 (local.get $scratch))))
      (local.set $xs (i32.add (local.get $xs) (i32.const 8)))
      (local.set $ys (i32.add (local.get $ys) (i32.const 8)))
      (local.set $out (i32.add (local.get $out) (local.get $channels)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $nextPixel (local.get $count))))

  ;; As bicubic, by straight lines over 2 x 2 pixels.
  (func (export "bilinear")
    (param $src i32) (param $width i32) (param $height i32) (param $channels i32)
    (param $xs i32) (param $ys i32) (param $count i32) (param $out i32) (param $scratch i32)
    (local $x f64) (local $y f64) (local $column i32) (local $line i32) (local $dx v128) (local $dy v128)
    (local $k i32) (local $row i32) (local $right i32)
    (local $c0 i32) (local $c1 i32) (local $a v128) (local $b v128) (local $low v128) (local $high v128)
    (local $lower v128) (local $higher v128)
    (local.set $right (i32.sub (local.get $width) (i32.const 1)))
    (loop $nextPixel
      (block $outside
        (local.set $x (f64.load (local.get $xs)))
        (local.set $y (f64.load (local.get $ys)))
        (br_if $outside
          (i32.eqz
            (i32.and
              (i32.and (f64.ge (local.get $x) (f64.const 0)) (f64.lt (local.get $x) (f64.convert_i32_s (local.get $width))))
              (i32.and
                (f64.ge (local.get $y) (f64.const 0))
                (f64.lt (local.get $y) (f64.convert_i32_s (local.get $height)))))))
        (local.set $x (f64.sub (local.get $x) (f64.const 0.5)))
        (local.set $y (f64.sub (local.get $y) (f64.const 0.5)))
        (local.set $column (i32.trunc_f64_s (f64.floor (local.get $x))))
        (local.set $line (i32.trunc_f64_s (f64.floor (local.get $y))))
        (local.set $dx (f64x2.splat (f64.sub (local.get $x) (f64.floor (local.get $x)))))
        (local.set $dy (f64x2.splat (f64.sub (local.get $y) (f64.floor (local.get $y)))))
        (local.set $a
          (i32x4.mul
            (i32x4.min_s
              (i32x4.max_s
                (i32x4.add (i32x4.splat (local.get $column)) (v128.const i32x4 0 1 0 0))
                (v128.const i32x4 0 0 0 0))
              (i32x4.splat (local.get $right)))
            (i32x4.splat (local.get $channels))))
        (local.set $c0 (i32x4.extract_lane 0 (local.get $a)))
        (local.set $c1 (i32x4.extract_lane 1 (local.get $a)))
        (local.set $b
          (i32x4.add (i32x4.splat (local.get $src))
          (i32x4.mul
            (i32x4.min_s
              (i32x4.max_s
                (i32x4.add (i32x4.splat (local.get $line)) (v128.const i32x4 0 1 0 0))
                (v128.const i32x4 0 0 0 0))
              (i32x4.splat (i32.sub (local.get $height) (i32.const 1))))
            (i32x4.splat (i32.mul (local.get $width) (local.get $channels))))))
        (local.set $row (i32x4.extract_lane 0 (local.get $b)))
        (local.set $k (i32x4.extract_lane 1 (local.get $b)))
        (local.set $a (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero (i32.add (local.get $row) (local.get $c0))))))
        (local.set $b (i32x4.sub (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero (i32.add (local.get $row) (local.get $c1))))) (local.get $a)))
        (local.set $low
          (f64x2.add (f64x2.convert_low_i32x4_s (local.get $a))
            (f64x2.mul (f64x2.convert_low_i32x4_s (local.get $b)) (local.get $dx))))
        (local.set $high
          (f64x2.add (f64x2.convert_low_i32x4_s (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $a) (local.get $a)))
            (f64x2.mul (f64x2.convert_low_i32x4_s (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $b) (local.get $b))) (local.get $dx))))
        (local.set $row (local.get $k))
        (local.set $a (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero (i32.add (local.get $row) (local.get $c0))))))
        (local.set $b (i32x4.sub (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero (i32.add (local.get $row) (local.get $c1))))) (local.get $a)))
        (local.set $lower
          (f64x2.add (f64x2.convert_low_i32x4_s (local.get $a))
            (f64x2.mul (f64x2.convert_low_i32x4_s (local.get $b)) (local.get $dx))))
        (local.set $higher
          (f64x2.add (f64x2.convert_low_i32x4_s (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $a) (local.get $a)))
            (f64x2.mul (f64x2.convert_low_i32x4_s (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $b) (local.get $b))) (local.get $dx))))
        (call $put (local.get $out) (local.get $channels)
          (i32x4.trunc_sat_f64x2_s_zero
            (f64x2.add (local.get $low)
              (f64x2.mul (f64x2.sub (local.get $lower) (local.get $low)) (local.get $dy))))
          (i32x4.trunc_sat_f64x2_s_zero
            (f64x2.add (local.get $high)
              (f64x2.mul (f64x2.sub (local.get $higher) (local.get $high)) (local.get $dy))))))
      (local.set $xs (i32.add (local.get $xs) (i32.const 8)))
      (local.set $ys (i32.add (local.get $ys) (i32.const 8)))
      (local.set $out (i32.add (local.get $out) (local.get $channels)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $nextPixel (local.get $count))))

  ;; One pixel, cut to 0 ... 255: two channels of the first and two of the second, as far as there are.
  (func $put (param $out i32) (param $channels i32) (param $first v128) (param $second v128)
    (local.set $first
      (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $first) (local.get $second)))
    (local.set $first (i16x8.narrow_i32x4_s (local.get $first) (local.get $first)))
    (local.set $first (i8x16.narrow_i16x8_u (local.get $first) (local.get $first)))
    (if (i32.eq (local.get $channels) (i32.const 4))
      (then (v128.store32_lane 0 (local.get $out) (local.get $first)) (return)))
    (v128.store8_lane 0 (local.get $out) (local.get $first))
    (if (i32.eq (local.get $channels) (i32.const 1)) (then (return)))
    (v128.store8_lane offset=1 1 (local.get $out) (local.get $first))
    (if (i32.eq (local.get $channels) (i32.const 2)) (then (return)))
    (v128.store8_lane offset=2 2 (local.get $out) (local.get $first)))

  (func $rowAt (param $src i32) (param $length i32) (param $height i32) (param $y i32) (result i32)
    (if (i32.lt_s (local.get $y) (i32.const 0)) (then (local.set $y (i32.const 0))))
    (if (i32.ge_s (local.get $y) (local.get $height))
      (then (local.set $y (i32.sub (local.get $height) (i32.const 1)))))
    (i32.add (local.get $src) (i32.mul (local.get $y) (local.get $length)))))
