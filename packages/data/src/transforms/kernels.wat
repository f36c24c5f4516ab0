;; Passes over bytes, 16 at a time: the two of resizing and the one of blurring.
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

  (func $rowAt (param $src i32) (param $length i32) (param $height i32) (param $y i32) (result i32)
    (if (i32.lt_s (local.get $y) (i32.const 0)) (then (local.set $y (i32.const 0))))
    (if (i32.ge_s (local.get $y) (local.get $height))
      (then (local.set $y (i32.sub (local.get $height) (i32.const 1)))))
    (i32.add (local.get $src) (i32.mul (local.get $y) (local.get $length)))))
