/** Pictures as plain data, whatever file they come from. */

export interface PictureSize {
  readonly channels: 1 | 3
  readonly height: number
  readonly width: number
}

export interface Picture {
  readonly size: PictureSize
  /** In the order channel (red, green, blue), row, column; 0 to 255. */
  readonly values: Uint8Array
}
