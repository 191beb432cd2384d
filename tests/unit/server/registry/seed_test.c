/* The rules of the seed on the registry alone. */
#include "tests/unit/server/registry/scene.h"
#include "tests/unit/server/registry/seed_rules.h"

static qvt_status run(void *data, const struct command *command, qvt_error *error)
{
    struct scene *scene = data;
    qvt_status status = scene_run(scene, command);
    *error = scene->error;
    return status;
}

static const struct registry *settle(void *data)
{
    return ((const struct scene *)data)->registry;
}

static void close_scene(void *data)
{
    scene_deinit(data);
}

static void open_scene(struct seed_world *world)
{
    static struct scene scene;
    scene_init(&scene);
    *world = (struct seed_world){run, settle, close_scene, &scene};
}

int main(int argc, char **argv)
{
    return seed_run("server/registry/seed", open_scene, argc, argv);
}
