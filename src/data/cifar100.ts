/** CIFAR-100 (Krizhevsky 2009), binary version: 50,000 + 10,000 colour images of 32 × 32 pixels in a hundred classes. */
import { badFile } from '../base/errors.ts'
import { readTar } from '../formats/tar.ts'
import { sizeOf } from '../model/layers.ts'
import type { PublishedDataset } from './published.ts'

const ARCHIVE = 'cifar-100-binary.tar.gz'
const shape = { channels: 3, height: 32, width: 32 }
/** A record is the label of a group of five classes, that of the class, and the image, channel by channel, row by row. */
const RECORD = 2 + sizeOf(shape)

const classNames = (
  'apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle ' +
  'caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish ' +
  'forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle ' +
  'mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine ' +
  'possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar ' +
  'sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale ' +
  'willow_tree wolf woman worm'
)
  .split(' ')
  .map((name) => name.replace('_', ' '))

/** Its archive's checksum is on the page of the data set, https://www.cs.toronto.edu/~kriz/cifar.html. */
export const cifar100: PublishedDataset = {
  name: 'cifar100',
  title: 'CIFAR-100',
  images: { input: shape, classes: classNames.length },
  md5: { [ARCHIVE]: '03b5dce01913d631647c71ecec9e9cb8' },
  mirrors: ['https://www.cs.toronto.edu/~kriz/'],
  parts: { train: [ARCHIVE], test: [ARCHIVE] },
  read: ([archive], part) => {
    const [, records] = [...readTar(archive, ARCHIVE)].find(([path]) => path.endsWith(`${part}.bin`)) ?? []
    if (!records) throw badFile(`${ARCHIVE} does not hold ${part}.bin`)
    return {
      ...{ name: 'cifar100', shape, classes: classNames.length, classNames, count: records.length / RECORD },
      imageAt: (index) => records.subarray(index * RECORD + 2, (index + 1) * RECORD),
      labelAt: (index) => records[index * RECORD + 1],
    }
  },
}
