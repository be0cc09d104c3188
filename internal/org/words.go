package org

// setupWords are 512 short words for set-up codes: nine bits each, easy to read from a screen and to type.
const setupWords = `
acorn actor album alley alpha amber angle ankle apple april apron arch arena arm arrow aspen atlas attic aunt
autumn avenue axle bacon badge bagel baker ball banana band banjo bank barn barrel basil basin basket bath
beach bead beak bean bear beard beaver bed bee beetle bell belt bench berry bike birch bird bishop black block
blue board boat bone book boot bottle bowl box brass bread brick bridge broom brush bubble bucket bud bulb bus
butter button cabin cable cactus cake camel camera canal candle canoe canvas card carpet carrot cart castle
cat cave cedar cello chain chair chalk cheese cherry chess chest chimney cider cinema circle circus city clay
cliff cloak clock cloud clover coach coal coast coat cobbler cocoa coffee coin comb comet compass copper coral
corn corner cotton couch cousin cow crab cradle crane crayon cream creek cricket crown cup curtain cushion
daisy dance dawn deer delta denim desert desk diamond dinner doctor dog dolphin donkey door dove dragon drawer
dream dress drum duck dune dust eagle ear earth easel east echo eel egg elbow elm ember engine evening fabric
falcon family farm feather fence fern ferry fiddle field fig finch finger fire fish flag flame flute fog
forest fork fossil fox frame friday friend frog frost fruit garden garlic gate ghost giant ginger giraffe
glass globe glove goat gold goose grape grass gravel green guitar gull hail hammer hammock harbor harp hat
hawk hay hazel heart hedge helmet heron hill hockey holly honey hood hook horn horse hotel house hut ice
indigo ink iron island ivory ivy jacket jam january jar jasmine jazz jelly jewel jigsaw judge juice july june
jungle kayak kettle key king kitchen kite kitten knee knight knot koala ladder lagoon lake lamb lamp lantern
lark laurel lava leaf leather lemon lentil letter lettuce library lilac lily lime linen lion lizard llama
lobster lock lotus lunch lute magnet mango maple marble march market marsh mask meadow melon metal meteor mill
mint mirror mitten mole monday monkey moon moose morning mosaic moss moth motor mouse mouth museum music
mustard napkin nectar needle nest net night north nose nurse nut oak oar oasis oat ocean october olive onion
opal opera orange orbit orchard orchid organ otter oven owl oyster paddle page paint palace palm panda paper
parade park parrot pasta path peach peanut pear pearl pebble pelican pen pencil penguin pepper piano pickle
picnic pigeon pillow pilot pine pink pipe pirate planet plate plum pocket poem pond pony poppy porch potato
pottery prairie prince pumpkin puppet purple puzzle quail quarry queen quilt rabbit raccoon radio radish rail
rain raven red reef ribbon rice river road robin rocket roof room rope rose ruby rudder saddle safari sail
salad salmon salt sand sandal saturn scarf school scooter seal seed shark sheep shelf shell ship shirt shoe
silk silver sister sketch sky sled sleeve snail snow soap sock sofa soup south spark sparrow spice spider
spinach spoon spring spruce squash stone storm summer sun swan table tiger tomato tower train turtle violin
wagon walnut water window winter wolf`
