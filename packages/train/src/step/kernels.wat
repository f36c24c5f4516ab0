;; Updates in place over flat buffers of float32, four numbers at a time. Lengths are in numbers and multiples of four.
(module
  (import "host" "memory" (memory 1 65536))

  ;; AdamW, https://arxiv.org/abs/1711.05101: as PyTorch computes it, with the gradient scaled by $scale first.
  ;; $rate is the learning rate over the first bias correction, $keep is 1 - rate * decay,
  ;; $root is one over the square root of the second bias correction.
  (func (export "adamw")
    (param $p i32) (param $g i32) (param $m i32) (param $v i32) (param $n i32)
    (param $beta1 f32) (param $beta2 f32) (param $rate f32) (param $keep f32) (param $epsilon f32) (param $root f32)
    (param $scale f32)
    (local $end i32) (local $grad v128) (local $mean v128) (local $square v128)
    (local $b1 v128) (local $c1 v128) (local $b2 v128) (local $c2 v128)
    (local.set $b1 (f32x4.splat (local.get $beta1)))
    (local.set $c1 (f32x4.splat (f32.sub (f32.const 1) (local.get $beta1))))
    (local.set $b2 (f32x4.splat (local.get $beta2)))
    (local.set $c2 (f32x4.splat (f32.sub (f32.const 1) (local.get $beta2))))
    (local.set $end (i32.add (local.get $p) (i32.shl (local.get $n) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $p) (local.get $end)))
        (local.set $grad (f32x4.mul (v128.load (local.get $g)) (f32x4.splat (local.get $scale))))
        (local.set $mean
          (f32x4.add (f32x4.mul (v128.load (local.get $m)) (local.get $b1)) (f32x4.mul (local.get $grad) (local.get $c1))))
        (local.set $square
          (f32x4.add
            (f32x4.mul (v128.load (local.get $v)) (local.get $b2))
            (f32x4.mul (f32x4.mul (local.get $grad) (local.get $grad)) (local.get $c2))))
        (v128.store (local.get $m) (local.get $mean))
        (v128.store (local.get $v) (local.get $square))
        (v128.store (local.get $p)
          (f32x4.sub
            (f32x4.mul (v128.load (local.get $p)) (f32x4.splat (local.get $keep)))
            (f32x4.div
              (f32x4.mul (local.get $mean) (f32x4.splat (local.get $rate)))
              (f32x4.add
                (f32x4.mul (f32x4.sqrt (local.get $square)) (f32x4.splat (local.get $root)))
                (f32x4.splat (local.get $epsilon))))))
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (local.set $m (i32.add (local.get $m) (i32.const 16)))
        (local.set $v (i32.add (local.get $v) (i32.const 16)))
        (br $next))))

  ;; SGD with momentum as PyTorch computes it: decay is added to the gradient, and parameters move by $ahead times the
  ;; velocity plus $direct times the gradient: 1 and 0, or the momentum and 1 for Nesterov's form.
  (func (export "sgd")
    (param $p i32) (param $g i32) (param $m i32) (param $n i32)
    (param $momentum f32) (param $ahead f32) (param $direct f32) (param $rate f32) (param $decay f32) (param $scale f32)
    (local $end i32) (local $grad v128) (local $velocity v128)
    (local.set $end (i32.add (local.get $p) (i32.shl (local.get $n) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $p) (local.get $end)))
        (local.set $grad
          (f32x4.add
            (f32x4.mul (v128.load (local.get $g)) (f32x4.splat (local.get $scale)))
            (f32x4.mul (v128.load (local.get $p)) (f32x4.splat (local.get $decay)))))
        (local.set $velocity
          (f32x4.add (f32x4.mul (v128.load (local.get $m)) (f32x4.splat (local.get $momentum))) (local.get $grad)))
        (v128.store (local.get $m) (local.get $velocity))
        (v128.store (local.get $p)
          (f32x4.sub
            (v128.load (local.get $p))
            (f32x4.mul
              (f32x4.splat (local.get $rate))
              (f32x4.add
                (f32x4.mul (local.get $velocity) (f32x4.splat (local.get $ahead)))
                (f32x4.mul (local.get $grad) (f32x4.splat (local.get $direct)))))))
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (local.set $m (i32.add (local.get $m) (i32.const 16)))
        (br $next))))

  ;; a = a * $keep + b * $add: gradient accumulation and moving averages.
  (func (export "blend") (param $a i32) (param $b i32) (param $n i32) (param $keep f32) (param $add f32)
    (local $end i32)
    (local.set $end (i32.add (local.get $a) (i32.shl (local.get $n) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $a) (local.get $end)))
        (v128.store (local.get $a)
          (f32x4.add
            (f32x4.mul (v128.load (local.get $a)) (f32x4.splat (local.get $keep)))
            (f32x4.mul (v128.load (local.get $b)) (f32x4.splat (local.get $add)))))
        (local.set $a (i32.add (local.get $a) (i32.const 16)))
        (local.set $b (i32.add (local.get $b) (i32.const 16)))
        (br $next))))

  ;; The sum of squares, added up in float64.
  (func (export "sumSquares") (param $g i32) (param $n i32) (result f64)
    (local $end i32) (local $x v128) (local $low v128) (local $high v128)
    (local.set $end (i32.add (local.get $g) (i32.shl (local.get $n) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $g) (local.get $end)))
        (local.set $x (v128.load (local.get $g)))
        (local.set $low
          (f64x2.add (local.get $low)
            (f64x2.mul (f64x2.promote_low_f32x4 (local.get $x)) (f64x2.promote_low_f32x4 (local.get $x)))))
        (local.set $x (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $x) (local.get $x)))
        (local.set $high
          (f64x2.add (local.get $high)
            (f64x2.mul (f64x2.promote_low_f32x4 (local.get $x)) (f64x2.promote_low_f32x4 (local.get $x)))))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (br $next)))
    (local.set $low (f64x2.add (local.get $low) (local.get $high)))
    (f64.add (f64x2.extract_lane 0 (local.get $low)) (f64x2.extract_lane 1 (local.get $low)))))
